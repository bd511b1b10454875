/* As Parallel.tla: 20 tasks between a split and a join, 2^20 + 2 states. */
#define TASK(i) :: d_step { b[i] == 1 -> b[i] = 2 }
#define ALL(i, v) (b[i] == v && b[i+1] == v && b[i+2] == v && b[i+3] == v && b[i+4] == v)
#define SET(i, v) b[i] = v; b[i+1] = v; b[i+2] = v; b[i+3] = v; b[i+4] = v

byte phase = 0;
byte b[20];

active proctype engine() {
end:
  do
  :: d_step { phase == 0 -> phase = 1; SET(0, 1); SET(5, 1); SET(10, 1); SET(15, 1) }
  TASK(0) TASK(1) TASK(2) TASK(3) TASK(4) TASK(5) TASK(6) TASK(7) TASK(8) TASK(9)
  TASK(10) TASK(11) TASK(12) TASK(13) TASK(14) TASK(15) TASK(16) TASK(17) TASK(18) TASK(19)
  :: d_step {
       phase == 1 && ALL(0, 2) && ALL(5, 2) && ALL(10, 2) && ALL(15, 2) ->
       phase = 2; SET(0, 0); SET(5, 0); SET(10, 0); SET(15, 0)
     }
  od
}
