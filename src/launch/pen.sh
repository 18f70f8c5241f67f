# The pen: of all that may record one end, the process that holds the pen does. tmux runs this text too, as one line of its hook,
# so each line ends as a line of one line does, and nothing stands in it but double quotes.
# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC2317

# Field 22 of /proc/PID/stat is the start, in ticks since the boot (proc(5)). The name, in parentheses, may hold anything.
start_of() {
	if IFS= read -r stat <"/proc/$1/stat"; then
		printf "%s" "${stat##*) }" | { read -r state _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _; case $state in Z | X) ;; *) printf "%s" "$start" ;; esac; };
	else
		TZ=UTC LC_ALL=C /bin/ps -o lstart= -p "$1" | sed -e "s/  */ /g" -e "s/^ //" -e "s/ $//";
	fi;
} 2>/dev/null;

# Takes the pen, or tells that the end is recorded. It waits for a holder that lives, and succeeds one that does not.
# A link is made whole or not at all, and needs no room on a full disk. Where none can be made, the record counts for more.
take_pen() {
	me="$$ $(start_of "$$")";
	pen="$folder/pen";
	until ln -s "$me" "$pen" 2>/dev/null; do
		holder=$(readlink "$pen") || break;
		if [ "$holder" = "$me" ]; then return 0; fi;
		if [ -e "$folder/recorded" ]; then return 1; fi;
		if [ "$(start_of "${holder%% *}")" = "${holder#* }" ]; then sleep 0.05; else pen="$pen.${holder%% *}"; fi;
	done;
	if [ -e "$folder/recorded" ]; then return 1; fi;
	if [ "$pen" = "$folder/pen" ]; then return 0; fi;
	if [ -h "$exits_log" ]; then return 0; fi;
	if [ -f "$exits_log" ]; then :; else return 0; fi;
	if grep -q -F " incarnation=$incarnation" "$exits_log"; then printf "" >"$folder/recorded"; return 1; fi;
};
