#!/bin/sh
# Stands in for a coding agent: it says who it is, then waits for its person.
echo "good morning, I am $PEER_PERSONALITY"
exec cat
