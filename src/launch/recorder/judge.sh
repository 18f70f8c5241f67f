# The verdict of the recorder.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317

# Sets verdict and reasons (a line each) from the evidence. Without evidence the verdict is "unknown".
judge() {
	if [ "$ended" = session ]; then
		verdict=orderly-exit
		reasons="its pane was closed while its server went on, as by kill-session, kill-window or kill-pane"
		return
	fi
	oom_line=$(sed -n "/^kernel: .*[Kk]illed process $server_pid (/p" "$evidence.late" | tail -n 1)
	crash_line=$(sed -n -e '/^kernel: .*segfault/p' -e '/^kernel: .*general protection/p' -e '/^kernel: .*trap /p' -e '/^core: /p' "$evidence.late" | tail -n 1)
	verdict=unknown
	reasons=
	if [ -n "$oom_line" ]; then
		verdict=oom-kill
		signal=KILL
		reasons="the kernel says so: ${oom_line#kernel: }"
		return
	fi
	case $signal in
	SEGV | ABRT | BUS | ILL | FPE | TRAP | SYS) verdict=crashed reasons="its parent saw it end by SIG$signal" ;;
	KILL) killed_or_out_of_memory ;;
	?*) verdict=killed reasons="its parent saw it end by SIG$signal" ;;
	*) judge_without_signal ;;
	esac
}

killed_or_out_of_memory() {
	if counters_rose; then
		verdict=oom-kill
		reasons="its parent saw it end by SIGKILL$nl$rise"
		return
	fi
	verdict=killed
	reasons="its parent saw it end by SIGKILL${nl}no sign of the out-of-memory killer: $no_rise"
}

judge_without_signal() {
	if [ "$witness:$wait_rc" = parent:0 ]; then
		verdict=orderly-exit
		reasons="its parent saw it exit with status 0, as after kill-server, SIGTERM or the end of its last session"
	elif [ "$wait_rc:$gone_at_once" = 0:yes ]; then
		verdict=orderly-exit
		reasons="it let its waiting client go and was gone at once, as after kill-server, SIGTERM or the end of its last session"
	elif [ -n "$crash_line" ]; then
		verdict=crashed
		reasons=${crash_line#*: }
	elif [ "$witness" = parent ] && [ "$cause" = server-vanished ]; then
		verdict=crashed
		reasons="its parent saw it fail with exit status $wait_rc"
	elif [ "$wait_rc" != 0 ] && counters_rose; then
		reasons="its connection dropped; memory may be the reason$nl$rise"
	else
		reasons="nothing that was found tells why"
	fi
}
