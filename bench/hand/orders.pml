/* As Orders.tla: N orders over two channels, each order in each at most once; 5^N states. */
#ifndef N
#define N 7
#endif
#define CART 0
#define PLACED 1
#define PAID 2
#define PACKED 3
#define DELIVERED 4

#define ORDER(o) \
  :: d_step { status[o] == CART -> status[o] = PLACED; payment[o] = 1 } \
  :: d_step { payment[o] && status[o] == PLACED -> payment[o] = 0; status[o] = PAID } \
  :: d_step { status[o] == PAID -> status[o] = PACKED; parcel[o] = 1 } \
  :: d_step { parcel[o] -> parcel[o] = 0; status[o] = DELIVERED; assert(!payment[o]) }

byte status[N];
bit payment[N];
bit parcel[N];

active proctype system() {
end:
  do
  ORDER(0) ORDER(1) ORDER(2) ORDER(3) ORDER(4) ORDER(5)
#if N > 6
  ORDER(6)
#endif
#if N > 7
  ORDER(7)
#endif
#if N > 8
  ORDER(8)
#endif
  od
}
