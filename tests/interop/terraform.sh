#!/usr/bin/env bash
# Terraform's Google provider: `terraform.sh http://HOST:PORT PROVIDER_BINARY MEASURES`, in an empty folder. Applies the
# configuration beside this script, reads back exactly what was given, updates it in place and destroys it. MEASURES is
# what `keyward harden --format terraform` prints: it must be valid for the provider.
set -euo pipefail

endpoint="$1"
provider="$2"
measures="$3"
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

# Whether the state and the emulator differ from the configuration; Terraform says so by its exit code 2.
no_changes() {
    quiet terraform plan -no-color -input=false -detailed-exitcode || {
        echo "the plan after $1 is not empty" >&2
        exit 1
    }
}

# A resource of the emulator, as it is over REST.
get() {
    curl --silent --show-error --fail --noproxy '*' "$endpoint/v1/$1" | tr -d ' \n'
}

# Whether a resource says all of this.
says() {
    local found
    found="$(get "$1")"
    for wanted in "${@:2}"; do
        if ! grep -qF "$wanted" <<<"$found"; then
            echo "$found: without $wanted" >&2
            exit 1
        fi
    done
}

# Whether a resource says nothing of this.
says_nothing_of() {
    local found
    found="$(get "$1")"
    if grep -qF "$2" <<<"$found"; then
        echo "$found: $2 should be gone" >&2
        exit 1
    fi
}

quiet terraform apply -no-color -input=false -auto-approve
says "$key" '"team":"alpha"' '"rotationPeriod":"7776000s"' '"destroyScheduledDuration":"172800s"' '"state":"ENABLED"'
echo "ok apply"

no_changes "creation"
echo "ok read back"

TF_VAR_labels='{"team":"beta","tier":"1"}' TF_VAR_rotation_period=15552000s
quiet terraform apply -no-color -input=false -auto-approve
grep -qF "0 added, 1 changed, 0 destroyed" said
says "$key" '"team":"beta"' '"tier":"1"' '"rotationPeriod":"15552000s"' '"destroyScheduledDuration":"172800s"'
no_changes "the update"
echo "ok update"

says "$key:getIamPolicy" '"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter"' '"members":["user:ann@example.com"]'
echo "ok policies"

quiet terraform destroy -no-color -input=false -auto-approve
says "$key/cryptoKeyVersions/1" '"state":"DESTROY_SCHEDULED"'
says_nothing_of "$key" rotationPeriod
says_nothing_of "$key:getIamPolicy" cryptoKeyEncrypterDecrypter
echo "ok destroy"

mkdir measures
cp "$measures" measures/main.tf
cd measures
quiet terraform fmt -check -diff main.tf
quiet terraform validate -no-color
echo "ok measures"
