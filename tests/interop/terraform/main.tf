# What terraform.sh applies, reads back, changes and destroys.

variable "endpoint" { type = string }
variable "labels" { type = map(string) }
variable "rotation_period" { type = string }

terraform {
  required_providers {
    google = { source = "hashicorp/google" }
  }
}

provider "google" {
  project             = "interop"
  access_token        = "user:terraform@example.com"
  kms_custom_endpoint = "${var.endpoint}/v1/"
}

resource "google_kms_key_ring" "ring" {
  name     = "ring"
  location = "europe-west3"
}

resource "google_kms_crypto_key" "key" {
  name                       = "key"
  key_ring                   = google_kms_key_ring.ring.id
  labels                     = var.labels
  rotation_period            = var.rotation_period
  destroy_scheduled_duration = "172800s"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "SOFTWARE"
  }
}

resource "google_kms_crypto_key_iam_member" "ann" {
  crypto_key_id = google_kms_crypto_key.key.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "user:ann@example.com"
}

output "key" { value = google_kms_crypto_key.key }
