"""A compliance officer fetches certified verdicts; with Python's own library alone.

    python3 docs/examples/officer.py http://127.0.0.1:4600 KEY paidInFull violated FOLDER
    npx --no probity verify FOLDER/ID.zip --policy policy

KEY has the role `compliance`. Each verdict comes as a bundle that anybody can verify offline.
"""

import datetime
import json
import pathlib
import sys
import urllib.request

url, key, asked_property, outcome, folder = sys.argv[1:6]


def fetch(path, data=None):
    return urllib.request.urlopen(
        urllib.request.Request(
            f"{url}{path}",
            data=data,
            headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
        )
    )


def ask(query, variables):
    with fetch("/graphql", json.dumps({"query": query, "variables": variables}).encode()) as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise SystemExit("; ".join(error["message"] for error in answer["errors"]))
    return answer["data"]


quarter = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=92)
period = {"from": quarter.strftime("%Y-%m-%dT%H:%M:%SZ")}
pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
after = None
while True:
    verdicts = ask(
        """query ($filter: VerdictFilter!, $after: ID) {
          verdicts(first: 20, after: $after, filter: $filter) {
            edges { node { id issuedAt logIndex run { model { name } } status { state } } }
            pageInfo { hasNextPage endCursor }
          }
        }""",
        {"after": after, "filter": {"property": asked_property, "outcome": outcome, "period": period}},
    )["verdicts"]
    for node in (edge["node"] for edge in verdicts["edges"]):
        file = pathlib.Path(folder) / f"{node['id']}.zip"
        with fetch(f"/verdicts/{node['id']}/bundle.zip") as bundle:
            file.write_bytes(bundle.read())
        state = node["status"]["state"] if node["status"] else "erased"
        print(f"{node['issuedAt']}  leaf {node['logIndex']}  {state}  {node['run']['model']['name']}  {file}")
    if not verdicts["pageInfo"]["hasNextPage"]:
        break
    after = verdicts["pageInfo"]["endCursor"]
