# The recorder of one tmux server: it waits for the end of the server, and records the reason unless the end was claimed.
# On a shared server it waits for the end of the server or of its one session.
# Its facts stand above this part, and the part for the platform stands in between.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317

umask 077
cd / || exit 1
unset TMUX TMUX_PANE
unset -v client
channel="iap-canary-$incarnation"
claim="$folder/claim"
recorded="$folder/recorded"
pending="$folder/pending"
ended=server
evidence="$folder/evidence"
nl='
'

main() {
	if [ "${1-}" = unwitnessed ]; then
		use_own_tools
		record_unwitnessed "${2-}"
		exit
	fi
	# The process that starts this script writes down its pid first, and then lets it go on.
	IFS= read -r go && [ "$go" = go ] || exit 0
	exec </dev/null
	if [ "$witness" = parent ]; then start_server; fi
	trap 'dismissed' TERM
	trap '' HUP INT QUIT
	use_own_tools
	remember_counters
	if [ "$witness" = client ]; then find_leash; fi
	losses=0
	while :; do
		watch_server
		examine
		if [ -e "$claim" ] || [ -e "$recorded" ]; then leave; fi
		server_is_running || break
		if pane_is_gone; then break; fi
		watch_again
	done
	record_end
	leave
}

# The server got the environment of the launch. From here on the script's own commands need their tools.
use_own_tools() {
	PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/opt/homebrew/bin:/run/current-system/sw/bin
	LC_ALL=C
	TZ=UTC
	export PATH LC_ALL TZ
}

# The client may be dead and reaped, and its pid another process's. After an exit in a trap zsh would go on waiting.
dismissed() {
	if [ -n "${client-}" ] && [ "$(start_of "$client")" = "$client_start" ]; then kill -s KILL "$client"; fi
	rm -f "$evidence" "$evidence.late"
	kill -s KILL $$
}

leave() {
	rm -f "$evidence" "$evidence.late"
	exit 0
}

# Descriptor 3 holds the lock that proves a living recorder. No command that may outlive the script gets it. Descriptor 4 holds the lock that
# proves a living server: the server alone keeps it.
start_server() {
	# shellcheck disable=SC2086
	$launcher "$tmux" -D -S "$socket" -f /dev/null >/dev/null 2>&1 3>&- &
	server_pid=$!
	exec 4>&-
	server_start=$(start_of "$server_pid")
}

# Sets wait_rc: the exit status of the server where it is our child, else of a client that waits on a channel.
watch_server() {
	if [ "$witness" = parent ]; then
		wait "$server_pid"
		wait_rc=$?
		# No file names the server yet: it had no session, or never started. The launch itself reports that.
		if grep -q '"server": null' "$folder/session.json"; then leave; fi
		return
	fi
	# shellcheck disable=SC2086
	$leash "$tmux" -S "$socket" if-shell -F "#{==:#{pid},$server_pid}" "${announce-}wait-for $channel" >/dev/null 2>&1 3>&- &
	client=$!
	client_start=$(start_of "$client")
	wait "$client"
	wait_rc=$?
	client=
	# A second signal would stay on the channel.
	announce=
}

# Looks first at what tells most about the moment of the death, and then, during the grace, at what takes longer.
examine() {
	died=$(timestamp)
	look_at_memory >"$evidence"
	# A server that ends in order lets its clients go, and is gone some moments later.
	looks=0
	while [ "$wait_rc" -eq 0 ] && [ "$looks" -lt 25 ] && server_is_running; do
		looks=$((looks + 1))
		pause 0.01
	done
	gone_at_once=no
	server_is_running || gone_at_once=yes
	lived=$(lived_secs)
	look_at_processes >>"$evidence"
	look_late >"$evidence.late" 3>&- &
	pause "$grace"
}

# On a shared server the agent's pane can go alone: the very server says that it has no session at all, or no such pane.
# A pane whose process ended by itself stays, for the hook.
pane_is_gone() {
	[ -n "$agent_start" ] || return 1
	[ "$(ask list-sessions -F '#{session_id}')" = "$server_pid" ] && return 0
	[ "$(ask list-panes -a -f "#{==:#{@iap_agent},$incarnation}" -F '#{pane_id}')" = "$server_pid" ]
}

# Prints the pid of the server that answers, and its answer; nothing when the server refuses.
ask() {
	answer=$("$tmux" -S "$socket" display-message -p '#{pid}' \; "$@" 2>/dev/null 3>&-) && printf '%s\n' "$answer"
}

# The server lives, and only the watcher was lost.
watch_again() {
	rm -f "$evidence" "$evidence.late"
	losses=$((losses + 1))
	write_line "$lifecycle_log" "ts=$(timestamp) ev=canary identity=$identity state=watch-lost server_pid=$server_pid wait_rc=$wait_rc losses=$losses"
	# A server may refuse every client (another version of tmux). The pause grows, and the server is watched by its pid.
	rest=0
	[ "$losses" -le 3 ] || rest=$((losses * losses))
	[ "$rest" -le 600 ] || rest=600
	while [ "$rest" -gt 0 ] && server_is_running; do
		pause 1
		rest=$((rest - 1))
	done
}

record_end() {
	signal=
	if server_is_running; then
		ended=session
		cause=pane-closed
	elif [ "$wait_rc" -eq 0 ]; then
		cause=signaled-server-gone
	elif [ "$witness" = parent ]; then
		cause=server-vanished
		[ "$wait_rc" -le 128 ] || signal=$(kill -l "$((wait_rc - 128))")
	elif [ "$wait_rc" -gt 128 ]; then
		cause='client-killed-server-gone'
	else
		cause=server-vanished
	fi
	# The hook may have left its own record, which knows more of the agent.
	if [ ! -s "$pending" ]; then
		judge
		write_record
	fi
	# A full disk may get room, and a broken log may be mended. No other process knows what this one saw.
	rest=1
	until log_record; do
		pause "$rest"
		[ "$rest" -ge 30 ] || rest=$((rest + 1))
	done
}

# Records an end after the server and its recorder are both gone, from what is there now.
record_unwitnessed() {
	cause=unwitnessed
	if [ -n "$agent_start" ] && server_is_running; then ended=session; fi
	signal=
	wait_rc=
	died=$(timestamp)
	lived=
	gone_at_once=no
	counters_at_arming=
	# A record that the hook or the recorder could not log knows more.
	if [ -s "$pending" ]; then
		line=$(cat "$pending")
		log_record
		exit
	fi
	[ -s "$evidence" ] || { look_at_memory && look_at_processes; } >"$evidence"
	look_late >"$evidence.late" 3>&-
	if [ "$1" = host-restart ]; then
		verdict=host-restart
		reasons="the host was started again since the session was launched"
	elif [ "$ended" = session ]; then
		verdict=unknown
		reasons="its pane is gone, and its recorder did not live to tell; found later"
	else
		judge
		reasons="neither the server nor its recorder lived to tell; found later$nl$reasons"
	fi
	write_record
	log_record || exit 1
	leave
}

write_record() {
	mkdir -p "$deaths_folder" "${exits_log%/*}"
	file="$deaths_folder/$identity-$(printf %s "$died" | tr -d '.:-').txt"
	render_forensics >"$file.part"
	kept=
	if mv -f "$file.part" "$file"; then kept=" $forensics_field${file##*/}$forensics_end"; fi
	line="ts=$died ev=$ended-exit identity=$identity server_pid=$server_pid"
	[ "$ended" = session ] || line="$line wait_rc=$wait_rc"
	line="$line cause=$cause"
	[ -z "$signal" ] || line="$line signal=$signal"
	line="$line verdict=$verdict witness=$witness incarnation=$incarnation"
	[ -z "$lived" ] || line="$line lived_secs=$lived"
	line="$line$kept"
}

# Logs one record: the hook's own, where the hook left it here because it could not log it, else the one in line.
log_record() {
	if [ -e "$recorded" ]; then return 0; fi
	take_pen || return 0
	if [ -s "$pending" ]; then
		line=$(cat "$pending")
	else
		printf '%s\n' "$line" >"$pending.part" && mv -f "$pending.part" "$pending"
	fi
	write_line "$exits_log" "$line" || return 1
	# A peer that was removed has no folder for the mark, and no process looks for it.
	printf '' >"$recorded"
	return 0
}

render_forensics() {
	printf 'iapeer forensics 1\nidentity: %s\nincarnation: %s\nserver_pid: %s\ndied: %s\n' "$identity" "$incarnation" "$server_pid" "$died"
	[ -z "$lived" ] || printf 'lived_secs: %s\n' "$lived"
	printf 'cause: %s\n' "$cause"
	[ -z "$wait_rc" ] || printf 'wait_rc: %s\n' "$wait_rc"
	[ -z "$signal" ] || printf 'signal: %s\n' "$signal"
	printf 'verdict: %s\n' "$verdict"
	printf '%s\n' "$reasons" | sed 's/^/reason: /'
	section 'last lines'
	# A line that the agent printed must not look like a section.
	if is_file "$session_log"; then tail -c 4096 "$session_log" | of_this_launch | sed 's/^==/ &/'; fi
	cat "$evidence" "$evidence.late"
}

# Prints the lines of this launch. One log holds many sessions, and a mark stands where each begins.
of_this_launch() {
	awk -v mark="$launch_mark" 'index($0, mark) { n = 0; next } { lines[n++] = $0 } END { for (i = 0; i < n; i++) print lines[i] }'
}

section() {
	printf '\n== %s ==\n' "$1"
}

# Links are not followed, and a FIFO would not answer.
is_file() {
	[ -f "$1" ] && [ ! -h "$1" ]
}

# Writes one line with one write. It first ends a line that a crash cut short, with a mark that no whole line has.
write_line() {
	if [ -e "$1" ] || [ -h "$1" ]; then is_file "$1" || return 1; fi
	if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then
		printf ' torn\n%s\n' "$2" >>"$1"
	else
		printf '%s\n' "$2" >>"$1"
	fi
}

# Sleeps in the background, because a trap only runs at once while the shell itself waits.
pause() {
	sleep "$1" 3>&- &
	pauser=$!
	wait "$pauser"
}

timestamp() {
	now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
	case $now in
	*N*) date -u +%Y-%m-%dT%H:%M:%S.000Z ;;
	*) printf '%s\n' "$now" ;;
	esac
}

main "$@"
