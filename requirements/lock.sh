#!/bin/sh
# Write run.txt, s3.txt (beside run.txt, for artefacts in a bucket) and dev.txt: every version pinned and hashed, for all systems and Pythons, no addresses.
set -eu
cd "$(dirname "$0")/.."
UV_CUSTOM_COMPILE_COMMAND="make lock"
export UV_CUSTOM_COMPILE_COMMAND
compile() {
    "${UV:-uv}" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --override requirements/overrides.txt \
        --no-emit-index-url --no-emit-find-links --no-emit-build-options "$@"
}
compile "$@" --extra server --group build --output-file requirements/run.txt
compile "$@" --extra server --extra s3 --group build --constraint requirements/run.txt --output-file requirements/s3.txt
compile "$@" --extra server --extra s3 --group build --group dev --constraint requirements/s3.txt --output-file requirements/dev.txt
if grep -nE '://|index-url|find-links| @ ' requirements/run.txt requirements/s3.txt requirements/dev.txt; then
    echo "The lock files must not name addresses." >&2
    exit 1
fi
