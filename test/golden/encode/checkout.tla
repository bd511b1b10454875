---- MODULE Workflow ----

\* Checkout with a payment redirect

EXTENDS Integers, Sequences, Bags

Order == {"o1", "o2"}

VARIABLES
  price,
  status,
  charged,
  redirect,
  notice,
  refund,
  error

vars == << price, status, charged, redirect, notice, refund, error >>

Init ==
  /\ price \in 1..3
  /\ status = [x \in Order |-> "cart"]
  /\ charged = [x \in Order |-> 0]
  /\ redirect = EmptyBag
  /\ notice = <<>>
  /\ refund = EmptyBag
  /\ error = {}

\* goes to the payment page
checkout(o) ==
  /\ error = {}
  /\ status[o] = "cart"
  /\ LET broken == (IF BagCardinality(redirect) <= 1 THEN {} ELSE {"withinCapacity"}) IN
     IF broken = {}
     THEN /\ status' = [status EXCEPT ![o] = "awaiting"]
          /\ redirect' = (redirect (+) SetToBag({[order |-> o, amount |-> price]}))
          /\ UNCHANGED << price, charged, notice, refund >>
          /\ error' = error
     ELSE /\ error' = broken
          /\ UNCHANGED << price, status, charged, redirect, notice, refund >>

\* changes the amount in the address bar
tamper(other) ==
  /\ error = {}
  /\ \E r \in BagToSet(redirect) :
      /\ other # r.amount
      /\ redirect' = ((redirect (-) SetToBag({r})) (+) SetToBag({[order |-> r.order, amount |-> other]}))
      /\ UNCHANGED << price, status, charged, notice, refund >>
      /\ error' = error
      /\ redirect' # redirect

\* takes the money
charge ==
  /\ error = {}
  /\ \E r \in BagToSet(redirect) :
      /\ charged[r.order] = 0
      /\ LET broken == (IF Len(notice) <= 1 THEN {} ELSE {"withinCapacity"}) IN
         IF broken = {}
         THEN /\ charged' = [charged EXCEPT ![r.order] = r.amount]
              /\ redirect' = (redirect (-) SetToBag({r}))
              /\ notice' = Append(notice, [order |-> r.order, amount |-> r.amount])
              /\ UNCHANGED << price, status, refund >>
              /\ error' = error
         ELSE /\ error' = broken
              /\ UNCHANGED << price, status, charged, redirect, notice, refund >>

\* accepts the payment
confirm ==
  /\ error = {}
  /\ notice # <<>>
  /\ LET n == Head(notice) IN
      /\ status[n.order] = "awaiting" /\ n.amount = price
      /\ status' = [status EXCEPT ![n.order] = "paid"]
      /\ notice' = Tail(notice)
      /\ UNCHANGED << price, charged, redirect, refund >>
      /\ error' = error

\* refuses a payment of another amount
reject ==
  /\ error = {}
  /\ notice # <<>>
  /\ LET n == Head(notice) IN
      /\ status[n.order] = "awaiting" /\ n.amount # price
      /\ LET broken == (IF BagCardinality(refund) <= 1 THEN {} ELSE {"withinCapacity"}) IN
         IF broken = {}
         THEN /\ status' = [status EXCEPT ![n.order] = "cancelled"]
              /\ notice' = Tail(notice)
              /\ refund' = (refund (+) SetToBag({[order |-> n.order]}))
              /\ UNCHANGED << price, charged, redirect >>
              /\ error' = error
         ELSE /\ error' = broken
              /\ UNCHANGED << price, status, charged, redirect, notice, refund >>

\* gives the money back
giveBack ==
  /\ error = {}
  /\ \E f_local \in BagToSet(refund) :
      /\ charged' = [charged EXCEPT ![f_local.order] = 0]
      /\ refund' = (refund (-) SetToBag({f_local}))
      /\ UNCHANGED << price, status, redirect, notice >>
      /\ error' = error

\* hands the parcel over
ship(o) ==
  /\ error = {}
  /\ status[o] = "paid"
  /\ status' = [status EXCEPT ![o] = "shipped"]
  /\ UNCHANGED << price, charged, redirect, notice, refund >>
  /\ error' = error

Final == \A o \in Order : (status[o] = "shipped") \/ (status[o] = "cancelled")

\* Where the workflow may end, or has ended in an error, standing still is no deadlock.
Terminating ==
  /\ error # {} \/ Final
  /\ UNCHANGED vars

Next ==
  \/ \E o \in Order : checkout(o)
  \/ \E other \in 1..3 : tamper(other)
  \/ charge
  \/ confirm
  \/ reject
  \/ giveBack
  \/ \E o \in Order : ship(o)
  \/ Terminating

Fairness ==
  /\ SF_vars(charge)
  /\ WF_vars(confirm)
  /\ WF_vars(reject)
  /\ WF_vars(giveBack)
  /\ \A o \in Order : WF_vars(ship(o))

Spec == Init /\ [][Next]_vars /\ Fairness

paidInFull == error # {} \/ (\A o \in Order : IF (status[o] = "paid") \/ (status[o] = "shipped") THEN charged[o] = price ELSE TRUE)

settled == (error = {} /\ (status["o1"] = "awaiting")) ~> (error # {} \/ ((status["o1"] = "shipped") \/ (status["o1"] = "cancelled")))

refunded == (error = {} /\ (status["o1"] = "cancelled")) ~> (error # {} \/ (charged["o1"] = 0))

\* Its violation is a run that reaches the goal.
canShip == ~(error = {} /\ (\A o \in Order : status[o] = "shipped"))

withinRange == "withinRange" \notin error

withinCapacity == "withinCapacity" \notin error

singleWrite == "singleWrite" \notin error

defined == "defined" \notin error

====
