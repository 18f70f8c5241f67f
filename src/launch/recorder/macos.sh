# The part of the recorder for macOS: ps(1), vm_stat(1), sysctl(8).
# shellcheck shell=sh disable=SC2034,SC2154,SC3045

# The server gets a process group of its own, so that a signal to one of the two does not hit the other.
set -m

find_leash() {
	leash=
}

server_is_running() {
	case $(/bin/ps -o stat= -p "$server_pid") in '' | Z*) return 1 ;; esac
	[ "$(start_of "$server_pid")" = "$server_start" ]
}

# Counts by the wall clock, which may have been set back since.
lived_secs() {
	since=$(date -j -u -f '%a %b %e %T %Y' "${agent_start:-$server_start}" +%s) || return 0
	secs=$(($(date +%s) - since))
	[ "$secs" -ge 0 ] && printf '%s\n' "$secs"
}

remember_counters() {
	armed_at=$(timestamp)
	limits=$(ulimit -a)
}

look_at_memory() {
	section 'memory'
	vm_stat | head -n 30
	sysctl vm.swapusage kern.memorystatus_vm_pressure_level
}

look_at_processes() {
	section uptime
	uptime
	section 'largest processes'
	ps -axm -o pid,ppid,user,rss,vsz,pcpu,etime,stat,comm | head -n 26 | cut -c 1-160
	section limits
	printf '%s\n' "${limits-}"
}

# Prints the reports of the last minutes. The report of a crash of tmux names its pid. The prefix is for the judge.
look_late() {
	section 'diagnostic reports'
	find "$HOME/Library/Logs/DiagnosticReports" /Library/Logs/DiagnosticReports -maxdepth 1 -type f -mmin -5 2>/dev/null | head -n 20
	find "$HOME/Library/Logs/DiagnosticReports" -maxdepth 1 -type f -name 'tmux*' -mmin -1 2>/dev/null | head -n 3 |
		while IFS= read -r report; do
			grep -q "\"pid\" *: *$server_pid\\b" "$report" && printf 'core: %s\n' "$report"
		done
}

# macOS has no counter that tells which process its memory killer (jetsam) ended.
counters_rose() {
	no_rise="macOS does not tell"
	return 1
}
