#!/bin/sh
# The certified verdicts in which a property has an outcome, with nothing but curl; and the bundle of
# the newest of them, which `probity verify officer.zip --policy policy` checks offline.
#
#     sh docs/examples/officer.sh http://127.0.0.1:4600 KEY paidInFull violated officer.zip
set -eu
url=$1 key=$2 property=$3 outcome=$4 bundle=$5

query='query ($filter: VerdictFilter!) { verdicts(first: 20, filter: $filter) { edges { node { id issuedAt logIndex } } } }'
answer=$(curl --silent --show-error --fail-with-body "$url/graphql" \
  --header "authorization: Bearer $key" --header 'content-type: application/json' \
  --data "{\"query\":\"$query\",\"variables\":{\"filter\":{\"property\":\"$property\",\"outcome\":\"$outcome\"}}}")
echo "$answer"

id=$(echo "$answer" | sed -n 's/.*"edges":\[{"node":{"id":"\([^"]*\)".*/\1/p')
[ -n "$id" ] || { echo "no verdict in which $property is $outcome" >&2; exit 1; }
curl --silent --show-error --fail --output "$bundle" --header "authorization: Bearer $key" \
  "$url/verdicts/$id/bundle.zip"
echo "$id: $bundle"
