"""An architect asks whether a design holds, and what breaks it; with Python's own library alone.

    python3 docs/examples/architect.py http://127.0.0.1:4600 KEY order.bpmn

KEY has the role `architect`. Exit: 0 nothing is violated, 1 something is, 2 the model has problems.
"""

import json
import pathlib
import sys
import time
import urllib.request

url, key, file = sys.argv[1:4]


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


path = pathlib.Path(file)
submitted = ask(
    """mutation ($input: SubmitModelInput!) {
      modelSubmit(input: $input) { model { id name } userErrors { code line column message } }
    }""",
    {
        "input": {
            "name": path.name,
            "format": "bpmn" if path.suffix == ".bpmn" else "native",
            "source": path.read_text(),
        }
    },
)["modelSubmit"]
for error in submitted["userErrors"]:
    print(f"{file}:{error['line'] or 1}:{error['column'] or 1}: {error['code']} {error['message']}")
if not submitted["model"]:
    raise SystemExit(2)

requested = ask(
    """mutation ($input: RequestVerificationInput!) {
      verificationRequest(input: $input) { run { id } userErrors { code message } }
    }""",
    {"input": {"modelId": submitted["model"]["id"], "seal": False, "crossCheck": False}},
)["verificationRequest"]
if not requested["run"]:
    raise SystemExit("; ".join(error["message"] for error in requested["userErrors"]))

while True:
    run = ask(
        """query ($id: ID!) {
          run(id: $id) { state failure { code message } report { properties { name outcome traceSteps } } }
        }""",
        {"id": requested["run"]["id"]},
    )["run"]
    if run["state"] not in ("queued", "running", "checked"):
        break
    time.sleep(0.2)

print(f"{submitted['model']['name']}: {run['state']}")
properties = (run["report"] or {"properties": []})["properties"]
for each in properties:
    shown = "" if each["traceSteps"] is None else f", shown in {each['traceSteps']} steps"
    print(f"{each['outcome']:8} {each['name']}{shown}")
raise SystemExit(1 if any(each["outcome"] == "violated" for each in properties) else 0)
