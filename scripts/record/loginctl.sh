#!/bin/sh
# Stands in for loginctl: it knows whether an account lingers, and notes its arguments. The file refuse-linger, in the
# folder above its own, has it fail.
state=$(dirname "$0")/..
if [ "$1" = show-user ]; then
	if [ -e "$state/linger" ]; then echo yes; else echo no; fi
	exit
fi
echo "loginctl $1" >>"$state/asked"
if [ -e "$state/refuse-linger" ]; then
	echo "Access denied" >&2
	exit 1
fi
: >"$state/linger"
