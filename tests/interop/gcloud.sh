#!/usr/bin/env bash
# gcloud as operators type it: `gcloud.sh http://HOST:PORT`, in an empty folder. Beyond the endpoint, the lack of credentials
# and a configuration of its own, nothing is special. gcloud verifies checksums by itself and refuses an answer without them.
set -euo pipefail

export CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS="$1/"
export CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true
export CLOUDSDK_CONFIG="$PWD/configuration"
export CLOUDSDK_CORE_PROJECT=interop
export CLOUDSDK_CORE_DISABLE_PROMPTS=1
export CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true
export CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true

in_ring=(--location=us-east1 --keyring=ring)
of_key=("${in_ring[@]}" --key=key)
ring=projects/interop/locations/us-east1/keyRings/ring

# Its chatter is shown only when it fails.
kms() {
    gcloud kms "$@" 2>said || {
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

# Whether gcloud fails, and says this.
refused() {
    local wanted="$1"
    shift
    if gcloud kms "$@" >/dev/null 2>said || ! grep -qF "$wanted" said; then
        echo "gcloud kms $*: should be refused with $wanted, and says:" >&2
        cat said >&2
        exit 1
    fi
}

state() {
    kms keys versions describe "$1" "${of_key[@]}" --format='value(state)'
}

kms keyrings create ring --location=us-east1
same "$(kms keyrings list --location=us-east1 --format='value(name)')" "$ring" "rings"
echo "ok rings"

kms keys create key "${in_ring[@]}" --purpose=encryption --labels=team=alpha --destroy-scheduled-duration=2d \
    --rotation-period=30d --next-rotation-time=2100-01-01T00:00:00Z
shown='value(primary.name.basename(), labels.team, destroyScheduledDuration, rotationPeriod, nextRotationTime)'
wanted=$'1\talpha\t172800s\t2592000s\t2100-01-01T00:00:00Z'
same "$(kms keys describe key "${in_ring[@]}" --format="$shown")" "$wanted" "key"
kms keys create plain "${in_ring[@]}" --purpose=encryption
same "$(kms keys list "${in_ring[@]}" --filter='labels.team=alpha' --format='value(name)')" "$ring/cryptoKeys/key" "keys"
echo "ok keys"

head -c 3000 /dev/urandom >plain
printf 'object 1' >aad
sealed=(--ciphertext-file=sealed --additional-authenticated-data-file=aad)
kms encrypt "${of_key[@]}" --plaintext-file=plain "${sealed[@]}"
kms decrypt "${of_key[@]}" --plaintext-file=opened "${sealed[@]}"
cmp plain opened
refused "Decryption failed" decrypt "${of_key[@]}" --plaintext-file=opened --ciphertext-file=sealed
echo "ok encrypt and decrypt"

kms keys versions create "${of_key[@]}"
kms keys set-primary-version key "${in_ring[@]}" --version=2
same "$(kms keys describe key "${in_ring[@]}" --format='value(primary.name.basename())')" 2 "primary"
kms decrypt "${of_key[@]}" --plaintext-file=opened "${sealed[@]}"
cmp plain opened
kms encrypt "${of_key[@]}" --version=1 --plaintext-file=plain --ciphertext-file=to-version
kms decrypt "${of_key[@]}" --ciphertext-file=to-version --plaintext-file=opened
cmp plain opened
echo "ok rotate"

kms keys versions disable 1 "${of_key[@]}"
same "$(state 1)" DISABLED "state"
refused "is not enabled" decrypt "${of_key[@]}" --plaintext-file=opened "${sealed[@]}"
kms keys versions enable 1 "${of_key[@]}"
kms keys versions destroy 1 "${of_key[@]}"
same "$(state 1)" DESTROY_SCHEDULED "state"
refused "DESTROY_SCHEDULED" keys versions destroy 1 "${of_key[@]}"
kms keys versions restore 1 "${of_key[@]}"
same "$(state 1)" DISABLED "state"
kms keys versions enable 1 "${of_key[@]}"
kms decrypt "${of_key[@]}" --plaintext-file=opened "${sealed[@]}"
cmp plain opened
same "$(kms keys versions list "${of_key[@]}" --format='value(state)' | xargs)" "ENABLED ENABLED" "states"
echo "ok versions"

kms keys set-rotation-schedule key "${in_ring[@]}" --rotation-period=60d --next-rotation-time=2101-01-01T00:00:00Z
schedule='value(rotationPeriod, nextRotationTime)'
wanted=$'5184000s\t2101-01-01T00:00:00Z'
same "$(kms keys describe key "${in_ring[@]}" --format="$schedule")" "$wanted" "schedule"
kms keys remove-rotation-schedule key "${in_ring[@]}"
same "$(kms keys describe key "${in_ring[@]}" --format="$schedule" | xargs)" "" "schedule that was taken away"
echo "ok rotation schedule"

kms keys update key "${in_ring[@]}" --update-labels=tier=1 --remove-labels=team
same "$(kms keys describe key "${in_ring[@]}" --format='json(labels)' | tr -d ' \n')" '{"labels":{"tier":"1"}}' "labels"
echo "ok labels"

kms keys add-iam-policy-binding key "${in_ring[@]}" --member=user:ann@example.com --role=roles/cloudkms.viewer >added
kms keys add-iam-policy-binding key "${in_ring[@]}" --member=user:bob@example.com --role=roles/cloudkms.viewer >added
kms keys remove-iam-policy-binding key "${in_ring[@]}" --member=user:ann@example.com --role=roles/cloudkms.viewer >removed
bound='value(bindings[0].role, bindings[0].members)'
same "$(kms keys get-iam-policy key "${in_ring[@]}" --format="$bound")" \
    $'roles/cloudkms.viewer\tuser:bob@example.com' "bindings"
echo "ok policies"

refused "NOT_FOUND" keys describe absent "${in_ring[@]}"
refused "ALREADY_EXISTS" keyrings create ring --location=us-east1
echo "ok errors"
