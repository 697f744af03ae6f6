#!/bin/sh
# Creates the namespace of the exits. Status and report of a closed exit are available until its retention ends.
set -eu
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 365d
