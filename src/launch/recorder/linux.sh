# The part of the recorder for Linux: proc(5), cgroups(7).
# shellcheck shell=sh disable=SC2034,SC2154

# The server gets a session of its own, so that a signal to one of the two does not hit the other.
command -v setsid >/dev/null && launcher="setsid $launcher"

# Field 22 of /proc/PID/stat is the start, in ticks since the boot. The name, in parentheses, may hold anything.
read_stat() {
	IFS= read -r stat <"/proc/$1/stat" || return 1
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	state=$1
	start=${20}
} 2>/dev/null

server_is_running() {
	read_stat "$server_pid" || return 1
	[ "$start" = "$server_start" ] && [ "$state" != Z ] && [ "$state" != X ]
}

# The leash ends a client with its recorder, which may be killed (prctl(2), PR_SET_PDEATHSIG). Without it the client would wait on.
find_leash() {
	leash="$(command -v setpriv) --pdeathsig KILL"
	# shellcheck disable=SC2086
	$leash true || leash=
}

# USER_HZ is 100 on every architecture that tmux servers run on.
lived_secs() {
	read -r up _ </proc/uptime
	printf '%s\n' "$((${up%.*} - ${agent_start:-$server_start} / 100))"
}

# Remembers the counters of the out-of-memory killer, for the comparison at the death.
remember_counters() {
	counters_at_arming=$(read_counters)
	armed_at=$(timestamp)
	read -r up _ </proc/uptime
	armed_uptime=${up%.*}
	limits=$(cat "/proc/$server_pid/limits")
	memory_folder=$(find_memory_folder)
	cgroup_at_arming=$(read_cgroup_counter)
}

read_counters() {
	sed -n 's/^oom_kill //p' /proc/vmstat
}

# Prints the folder of the server's memory cgroup, version 2 or 1.
find_memory_folder() {
	sed -n -e 's/^0::/\/sys\/fs\/cgroup/p' -e 's/^[0-9]*:\(.*,\)\{0,1\}memory\(,.*\)\{0,1\}:/\/sys\/fs\/cgroup\/memory/p' "/proc/$server_pid/cgroup" |
		while IFS= read -r found; do
			if [ -e "$found/memory.events" ] || [ -e "$found/memory.oom_control" ]; then
				printf '%s\n' "$found"
				break
			fi
		done
}

read_cgroup_counter() {
	for name in memory.events memory.oom_control; do
		[ -e "$memory_folder/$name" ] || continue
		sed -n 's/^oom_kill //p' "$memory_folder/$name"
		return
	done
}

look_at_memory() {
	section 'memory counters'
	oom_kills_now=$(read_counters)
	cgroup_now=$(read_cgroup_counter)
	printf 'oom_kill %s%s\n' "$oom_kills_now" "${armed_at:+ (armed $armed_at: $counters_at_arming)}"
	[ -z "${memory_folder-}" ] || printf 'cgroup %s oom_kill %s (armed: %s)\n' "$memory_folder" "$cgroup_now" "$cgroup_at_arming"
	section meminfo
	head -n 60 /proc/meminfo
	section 'pressure (PSI)'
	for name in memory cpu io; do
		[ ! -r "/proc/pressure/$name" ] || sed "s/^/$name /" "/proc/pressure/$name"
	done
	section 'memory cgroup'
	for name in memory.events memory.current memory.max memory.oom_control memory.usage_in_bytes memory.limit_in_bytes; do
		[ ! -r "${memory_folder-/none}/$name" ] || sed "s/^/$name /" "$memory_folder/$name"
	done
}

look_at_processes() {
	section uptime
	cat /proc/uptime /proc/loadavg
	section 'largest processes'
	ps -eo pid,ppid,user,rss,vsz,pcpu,etime,stat,comm --sort=-rss 2>/dev/null | head -n 26 | cut -c 1-160
	section limits
	printf '%s\n' "${limits-}"
}

# This is slow and not urgent, because the kernel writes its line before the kill. The prefixes are for the judge.
look_late() {
	section 'kernel log'
	if kernel_lines=$(read_kernel_log); then
		printf 'kernel log: readable\n'
		printf '%s\n' "$kernel_lines" | grep -E "(^|[^0-9.])$server_pid([^0-9.]|\$)" | tail -n 20 | cut -c 1-400 | sed 's/^/kernel: /'
	else
		printf 'kernel log: not readable\n'
	fi
	command -v coredumpctl >/dev/null || return 0
	section coredumpctl
	timeout 5 coredumpctl --no-pager --no-legend list "$server_pid" --since "-1min" 2>/dev/null | head -n 5 | cut -c 1-400 | sed 's/^/core: /'
}

# Prints the kernel's log since the arming. In another pid namespace the kernel's pids are not ours.
read_kernel_log() {
	[ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] || return 1
	if timeout 5 dmesg >"$evidence.dmesg" 2>/dev/null && [ -s "$evidence.dmesg" ]; then
		awk -F'[][]' -v since="${armed_uptime-$((server_start / 100))}" '$2 + 0 >= since + 0' "$evidence.dmesg"
		rm -f "$evidence.dmesg"
		return
	fi
	rm -f "$evidence.dmesg"
	command -v journalctl >/dev/null || return 1
	lines=$(timeout 5 journalctl -k -q --no-pager -o short-monotonic -n 2000 2>/dev/null)
	[ -n "$lines" ] || return 1
	printf '%s\n' "$lines" | awk -F'[][]' -v since="${armed_uptime-$((server_start / 100))}" '$2 + 0 >= since + 0'
}

# Sets rise and no_rise. A readable kernel log would have named the server; without one the counters decide.
counters_rose() {
	rise=
	if grep -q '^kernel log: readable' "$evidence.late"; then
		no_rise="the kernel's log does not name it"
		return 1
	fi
	no_rise="the counters have not moved since $armed_at"
	[ -n "$counters_at_arming" ] || return 1
	if [ -n "$cgroup_now" ] && [ -n "$cgroup_at_arming" ]; then
		[ "$cgroup_now" -gt "$cgroup_at_arming" ] || return 1
		rise="oom_kill of its cgroup went from $cgroup_at_arming to $cgroup_now since $armed_at"
		return 0
	fi
	[ "$oom_kills_now" -gt "$counters_at_arming" ] || return 1
	rise="oom_kill in /proc/vmstat went from $counters_at_arming to $oom_kills_now since $armed_at"
}
