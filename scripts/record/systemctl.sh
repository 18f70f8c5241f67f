#!/bin/sh
# Stands in for systemctl: it does to the files of a home what the real one does, and notes its arguments. Like the real
# one it refuses to enable or disable a unit without a file. Files in the folder above its own change what it does:
# kill-VERB has it kill its caller once, refuse-VERB has it fail, and broken-UNIT makes a unit a failed one.
state=$(dirname "$0")/..
if [ "$1" != --user ]; then
	echo "not for the user: $*" >&2
	exit 1
fi
shift
verb=$1
shift
units=$HOME/.config/systemd/user
case $verb in show | is-active) ;; *) echo "$verb $*" >>"$state/asked" ;; esac

if [ -e "$state/kill-$verb" ]; then
	rm "$state/kill-$verb"
	kill -s KILL $PPID
	exit 1
fi
if [ -e "$state/refuse-$verb" ]; then
	echo "Failed to $verb: no bus" >&2
	exit 1
fi

for unit; do
	case $verb in
	enable | disable)
		if [ ! -f "$units/$unit" ]; then
			echo "Failed to $verb unit: Unit file $unit does not exist." >&2
			exit 1
		fi
		;;
	esac
	case $verb in
	enable)
		wanted=$(sed -n 's/^WantedBy=//p' "$units/$unit")
		mkdir -p "$units/$wanted.wants"
		ln -sf "$units/$unit" "$units/$wanted.wants/$unit"
		;;
	disable) rm -f "$units"/*.wants/"$unit" ;;
	is-active) if [ -e "$state/broken-$unit" ]; then echo failed; else echo active; fi ;;
	esac
done
[ "$verb" != show ] || echo Version=252
exit 0
