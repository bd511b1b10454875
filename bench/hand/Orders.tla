---- MODULE Orders ----
\* Seven orders that are paid, packed and delivered over channels, as somebody writes them who knows TLA+: the yardstick for the module that we print.
EXTENDS Integers, FiniteSets

Order == {"o1", "o2", "o3", "o4", "o5", "o6", "o7"}

VARIABLES status, payment, parcel

vars == << status, payment, parcel >>

TypeOK ==
  /\ status \in [Order -> {"cart", "placed", "paid", "packed", "delivered"}]
  /\ payment \subseteq Order
  /\ parcel \subseteq Order

Init ==
  /\ status = [o \in Order |-> "cart"]
  /\ payment = {}
  /\ parcel = {}

Place(o) ==
  /\ status[o] = "cart"
  /\ status' = [status EXCEPT ![o] = "placed"]
  /\ payment' = payment \cup {o}
  /\ UNCHANGED parcel

Accept(o) ==
  /\ o \in payment
  /\ status[o] = "placed"
  /\ status' = [status EXCEPT ![o] = "paid"]
  /\ payment' = payment \ {o}
  /\ UNCHANGED parcel

Pack(o) ==
  /\ status[o] = "paid"
  /\ status' = [status EXCEPT ![o] = "packed"]
  /\ parcel' = parcel \cup {o}
  /\ UNCHANGED payment

Deliver(o) ==
  /\ o \in parcel
  /\ status' = [status EXCEPT ![o] = "delivered"]
  /\ parcel' = parcel \ {o}
  /\ UNCHANGED payment

Terminating ==
  /\ \A o \in Order : status[o] = "delivered"
  /\ UNCHANGED vars

Next == (\E o \in Order : Place(o) \/ Accept(o) \/ Pack(o) \/ Deliver(o)) \/ Terminating

Spec == Init /\ [][Next]_vars

PaidFirst == \A o \in Order : status[o] = "packed" => o \notin payment
====
