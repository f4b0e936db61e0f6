/* What a daemon keeps of root's, if root starts it by hand: its own capabilities, and those without
 * which it would not get at its files. One that our systemd unit starts gets no more from the
 * beginning, and keeps that. */
#ifndef BASCULE_PRIVILEGE_H
#define BASCULE_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Is this path another user's; or, if it is not there yet, the directory that it is to be made in,
 * as far up as there is one? */
bool privilege_of_others(const char *path);

/* What root needs for the instance's files: CAP_DAC_OVERRIDE if those that it has to get at are
 * another user's, as the package's are, or if `others` says so of more; CAP_CHOWN to give sockets
 * to a group, if the host has ours. A set of CONFINE_CAPABILITY(). */
uint64_t privilege_for_files(const char *instance, bool others);

/* confine_capabilities(), with a line in the log if it fails. */
int privilege_give_up(uint64_t keep);

/* Log each kind of system call that has been refused for the first time (confine_refused()). To be
 * called once a second. */
void privilege_tell_refused(void);

#ifdef __cplusplus
}
#endif
#endif
