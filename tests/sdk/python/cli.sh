#!/usr/bin/env bash
# The command line `aliyunlog` against the Logstore: makes, copies, asks and pulls.
# The server is its proxy: that needs no name service. It has no way to write but to copy, so the
# first rows come from stdin of `put.py`.
set -euo pipefail
here=$(dirname "$0")
bin=$(dirname "$SLS_PYTHON")
HOME=$(mktemp -d)
export HOME http_proxy="http://127.0.0.1:$SLS_PORT"
trap 'rm -rf "$HOME"' EXIT
now=$(date +%s)
index='{"ttl":7,"line":{"token":[","," "],"caseSensitive":false,"chn":false},
  "keys":{"n":{"type":"long","doc_value":true}}}'

sls() {
    "$bin/aliyunlog" log "$@" --access-id="$SLS_KEY" --access-key="$SLS_SECRET" \
        --region-endpoint=localhost --sign-version="$version" --region-id=cn-hangzhou
}

is() { # what, expected, got
    [ "$2" = "$3" ] || { printf '%s: expected\n%s\nbut got\n%s\n' "$1" "$2" "$3" >&2; exit 1; }
}

project=cli-$RANDOM$RANDOM version=v1
sls create_project --project_name="$project" --project_des="the command line"
for name in first second; do
    sls create_logstore --project_name="$project" --logstore_name=$name --shard_count=1
    sls create_index --project_name="$project" --logstore_name=$name --index_detail="$index"
done
env -u http_proxy "$SLS_PYTHON" "$here/put.py" "$project" first 30
sls copy_data --project="$project" --logstore=first --to_logstore=second \
    --from_time=begin --to_time=end > /dev/null
for version in v1 v4; do
    is "rows copied" '[{"c": "30", "n": "435"}]' "$(sls get_log_all --project="$project" \
        --logstore=second --from_time=$((now - 600)) --to_time=$((now + 600)) \
        --query='* | select count(*) as c, sum(n) as n')"
done
is "a search" '["7"]' "$(sls get_logs --request="{\"project\":\"$project\",\"logstore\":\"second\",
    \"topic\":\"\",\"fromTime\":$((now - 600)),\"toTime\":$((now + 600)),\"query\":\"n: 7\",\"line\":10,
    \"offset\":0,\"reverse\":\"false\"}" --jmes-filter='[*].n')"
is "rows pulled" 30 "$(sls pull_log --project_name="$project" --logstore_name=second \
    --shard_id=0 --from_time=$((now - 600)) --to_time=$((now + 600)) | grep -o '"n": "' | wc -l)"
sls pull_log_dump --project_name="$project" --logstore_name=second \
    --from_time=$((now - 600)) --to_time=$((now + 600)) --file_path="$HOME/dump_{}" > /dev/null
is "rows dumped" 30 "$(cat "$HOME"/dump_* | wc -l)"
if said=$(sls get_logstore --project_name="$project" --logstore_name=third); then
    is "the answer for what is not there" "a failure" "$said"
fi
is "the code of a failure" 1 "$(grep -c '"errorCode": "LogStoreNotExist"' <<< "$said")"
echo "ok     aliyunlog"
