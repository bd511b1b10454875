"""A lesson, taken through GraphQL with nothing but Python's own library.

    python3 docs/examples/lesson.py http://127.0.0.1:4600 KEY

KEY has the role `learner`: it sees lessons and grades attempts, and never a solution.
"""

import json
import sys
import urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:4600"
key = sys.argv[2] if len(sys.argv) > 2 else ""


def ask(query, variables=None):
    request = urllib.request.Request(
        f"{url}/graphql",
        data=json.dumps({"query": query, "variables": variables or {}}).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise SystemExit("; ".join(error["message"] for error in answer["errors"]))
    return answer["data"]


lesson = ask(
    'query { scenario(id: "tampered-payment-redirect", language: "de") { title story exercises { id kind task } } }'
)["scenario"]
exercise = next(each for each in lesson["exercises"] if each["kind"] == "fix")
print(f"{lesson['title']}: {exercise['task'].strip()}")

start = ask(
    "query ($id: ID!) { exercise(id: $id) { start { source } opens { change { action parts } } } }",
    {"id": exercise["id"]},
)["exercise"]["start"]["source"]


def grade(model, hint=1):
    return ask(
        """mutation ($input: GradeAttemptInput!) {
          gradeAttempt(input: $input) {
            verdict score problems { code message path line } attacks { property threats trace }
            hint { stage of text line } carriers { name falls }
          }
        }""",
        {"input": {"exerciseId": exercise["id"], "model": model, "hint": hint, "language": "de"}},
    )["gradeAttempt"]


wrong = grade(start)
steps = [step["action"] for step in wrong["attacks"][0]["trace"]["steps"]]
print(f"wrong: {wrong['verdict']}, {' → '.join(steps)}; Zeile {wrong['hint']['line']}: {wrong['hint']['text']}")

CHEATS = {
    "property true": ("paidInFull:\n", "paidInFull: { always: 'true' }\n  was:\n"),
    "attacker gone": ("when: wish != r.amount", "when: 'false'"),
    "guard false": ("when: status[n.order] = awaiting", "when: 'false'"),
    "private": ("medium: public", "medium: private"),
    "trusted": ("trust: untrusted", "trust: trusted"),
    "one price": ("price: int 2..3", "price: int 2..2"),
}
for name, (before, after) in CHEATS.items():
    assert before in start, name
    cheated = grade(start.replace(before, after))
    print(f"cheat: {name}: {cheated['verdict']}, {cheated['problems'][0]['code']} in line {cheated['problems'][0]['line']}")

mended = start.replace(
    "    when: status[n.order] = awaiting\n",
    "    when: status[n.order] = awaiting\n    controls: { amountMatches: n.amount = price }\n",
).replace(
    "  ship:\n",
    """  refund:
    actor: shop
    receive: { notice: n }
    when: status[n.order] = awaiting and n.amount != price
    then: { "status[n.order]": cancelled, "captured[n.order]": 0 }
    fair: weak
  ship:
""",
)
right = grade(mended)
print(f"right: {right['verdict']}, score {right['score']}, " + ", ".join(c["name"] for c in right["carriers"]))
