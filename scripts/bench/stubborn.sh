#!/bin/sh
# Ignores SIGTERM, as does its child in a session of its own.
trap '' TERM
if [ "${1-}" != child ]; then setsid "$0" child & fi
while :; do sleep 1; done
