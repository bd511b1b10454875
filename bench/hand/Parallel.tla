---- MODULE Parallel ----
\* Seventeen independent tasks between a split and a join, as somebody writes them who knows TLA+: the yardstick for the module that we print.
EXTENDS Integers

Branches == 1..17

VARIABLES phase, branch

vars == << phase, branch >>

TypeOK ==
  /\ phase \in {"before", "during", "after"}
  /\ branch \in [Branches -> 0..2]

Init ==
  /\ phase = "before"
  /\ branch = [b \in Branches |-> 0]

Split ==
  /\ phase = "before"
  /\ phase' = "during"
  /\ branch' = [b \in Branches |-> 1]

Do(b) ==
  /\ branch[b] = 1
  /\ branch' = [branch EXCEPT ![b] = 2]
  /\ UNCHANGED phase

Join ==
  /\ \A b \in Branches : branch[b] = 2
  /\ phase' = "after"
  /\ branch' = [b \in Branches |-> 0]

Terminating == phase = "after" /\ UNCHANGED vars

Next == Split \/ (\E b \in Branches : Do(b)) \/ Join \/ Terminating

Spec == Init /\ [][Next]_vars

Together == phase = "after" => \A b \in Branches : branch[b] = 0
====
