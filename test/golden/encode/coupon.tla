---- MODULE Workflow ----

\* One coupon, two orders

EXTENDS Integers

Order == {"o1", "o2"}

VARIABLES
  stage,
  uses,
  error

vars == << stage, uses, error >>

Init ==
  /\ stage = [x \in Order |-> "open"]
  /\ uses = 0
  /\ error = {}

accept(o) ==
  /\ error = {}
  /\ stage[o] = "open" /\ uses = 0
  /\ stage' = [stage EXCEPT ![o] = "accepted"]
  /\ UNCHANGED << uses >>
  /\ error' = error

redeem(o) ==
  /\ error = {}
  /\ stage[o] = "accepted"
  /\ LET broken == (IF (uses + 1) \in 0..2 THEN {} ELSE {"withinRange"}) IN
     IF broken = {}
     THEN /\ stage' = [stage EXCEPT ![o] = "redeemed"]
          /\ uses' = (uses + 1)
          /\ error' = error
     ELSE /\ error' = broken
          /\ UNCHANGED << stage, uses >>

Final == uses > 0

\* Where the workflow may end, or has ended in an error, standing still is no deadlock.
Terminating ==
  /\ error # {} \/ Final
  /\ UNCHANGED vars

Next ==
  \/ \E o \in Order : accept(o)
  \/ \E o \in Order : redeem(o)
  \/ Terminating

Spec == Init /\ [][Next]_vars

onceOnly == error # {} \/ (uses <= 1)

withinRange == "withinRange" \notin error

withinCapacity == "withinCapacity" \notin error

singleWrite == "singleWrite" \notin error

defined == "defined" \notin error

====
