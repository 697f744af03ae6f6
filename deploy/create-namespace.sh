#!/bin/sh
# The namespace of the exits. Closed exits can be read, and reported on, as long as the retention keeps them.
set -eu
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 365d
