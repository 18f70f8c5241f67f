# shellcheck shell=sh disable=SC2046,SC2086
# The arguments are EVERY, BEAT and the words of the program that this shell becomes. BEAT is a quoted command that stamps a heartbeat.
# The shell that becomes the program sets no variable, because a variable of that name may be exported.
start_of() {
	if [ -e /proc/self/stat ]; then
		IFS= read -r stat <"/proc/$1/stat" || return 1
		set -- ${stat##*) }
		case $1 in Z | X) return 1 ;; esac
		start=${20}
	else
		set -- $(TZ=UTC LC_ALL=C ps -o lstart= -p "$1")
		start=$*
		[ $# -gt 0 ]
	fi
} 2>/dev/null
beat_on() {
	# A hang-up ends the loop. Other signals to the program's group are for the program, and the loop ends with it.
	trap "" INT QUIT TERM TSTP TTIN TTOU
	left=0
	while start_of $$ && [ "$start" = "$first" ]; do
		if [ "$left" -le 0 ]; then
			eval "$limit $beat --if-answers \"\$\$:\$start\""
			left=$every
		fi
		sleep 2
		left=$((left - 2))
	done
}
# The loop runs below a shell that ends at once, so that the program has no child that it does not know.
(
	exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	every=$1 beat=$2 limit=
	PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
	if command -v timeout; then limit="timeout -s KILL 20"; fi
	if start_of $$; then
		first=$start
		beat_on &
	fi
)
shift 2
exec "$@"
