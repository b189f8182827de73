#!/usr/bin/env bash
# Terraform's Google provider: `terraform.sh http://HOST:PORT PROVIDER_BINARY`, in an empty folder. Applies the
# configuration beside this script, reads back exactly what was given, updates it in place and destroys it.
set -euo pipefail

endpoint="$1"
provider="$2"
here="$(cd "$(dirname "$0")" && pwd)"

mkdir provider
ln -s "$provider" provider/terraform-provider-google
cp "$here/terraform/main.tf" .
printf 'provider_installation {\n  dev_overrides {\n    "hashicorp/google" = "%s/provider"\n  }\n}\n' "$PWD" >terraform.rc
export TF_CLI_CONFIG_FILE="$PWD/terraform.rc" CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
export TF_VAR_endpoint="$endpoint" TF_VAR_labels='{"team":"alpha"}' TF_VAR_rotation_period=7776000s

key=projects/interop/locations/europe-west3/keyRings/ring/cryptoKeys/key

# Its chatter is shown only when it fails.
quiet() {
    "$@" >said 2>&1 || {
        cat said >&2
        return 1
    }
}

same() {
    if [[ "$1" != "$2" ]]; then
        echo "$3: $1, and it should be $2" >&2
        exit 1
    fi
}

# Whether the state and the emulator differ from the configuration; Terraform says so by its exit code 2.
no_changes() {
    quiet terraform plan -no-color -input=false -detailed-exitcode || {
        echo "the plan after $1 is not empty" >&2
        exit 1
    }
}

# One field of a resource of the emulator, as it is over REST.
get() {
    curl --silent --show-error --fail --noproxy '*' "$endpoint/v1/$1" | tr -d ' \n' | grep -oE "\"$2\":(\"[^\"]*\"|\{[^}]*\})" | head -n 1
}

quiet terraform apply -no-color -input=false -auto-approve
same "$(get "$key" labels)" '"labels":{"goog-terraform-provisioned":"true","team":"alpha"}' "labels"
same "$(get "$key" rotationPeriod)" '"rotationPeriod":"7776000s"' "rotation period"
same "$(get "$key" destroyScheduledDuration)" '"destroyScheduledDuration":"172800s"' "time that a destruction waits"
same "$(get "$key" state)" '"state":"ENABLED"' "state of the primary"
echo "ok apply"

no_changes "creation"
echo "ok read back"

TF_VAR_labels='{"team":"beta","tier":"1"}' TF_VAR_rotation_period=15552000s
quiet terraform apply -no-color -input=false -auto-approve
grep -qF "0 added, 1 changed, 0 destroyed" said
same "$(get "$key" labels)" '"labels":{"goog-terraform-provisioned":"true","team":"beta","tier":"1"}' "labels"
same "$(get "$key" rotationPeriod)" '"rotationPeriod":"15552000s"' "rotation period"
no_changes "the update"
echo "ok update"

same "$(get "$key:getIamPolicy" role)" '"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter"' "role"
echo "ok policies"

quiet terraform destroy -no-color -input=false -auto-approve
same "$(get "$key/cryptoKeyVersions/1" state)" '"state":"DESTROY_SCHEDULED"' "state of the version"
same "$(get "$key" rotationPeriod || true)" "" "rotation period, which goes with the key's versions"
same "$(get "$key:getIamPolicy" role || true)" "" "role that was taken away"
echo "ok destroy"
