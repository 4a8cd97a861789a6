# Versions and checksums of the providers that were installed. Kept by Sluice; Terraform and OpenTofu read it too.
# Commit it. To accept a new package for a pinned version, remove that provider's block.

provider "registry.opentofu.org/hashicorp/time" {
  version     = "0.14.2"
  constraints = "~> 0.14"
  hashes = [
    "h1:08eov2Ls9iQ/g6nDlwjVk+fGB6Wo7X4CvmgitYg3LP4=",
  ]
}
