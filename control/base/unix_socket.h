/* Sockets in the file system (unix(7)): how the processes of a host talk to each other. */
#ifndef BASCULE_UNIX_SOCKET_H
#define BASCULE_UNIX_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A socket of `type` (SOCK_STREAM or SOCK_SEQPACKET, perhaps | SOCK_NONBLOCK), closed on exec: the
 * caller's. Or -errno; -ENAMETOOLONG: the path is longer than sun_path. */
int unix_socket_connect(const char *path, int type);
/* The same, bound to the path, where nothing else is afterwards, with these permissions, and
 * listening. */
int unix_socket_listen(const char *path, int type, mode_t mode);

/* Let the members of a group connect to a socket of ours that is bound to the path, beside its
 * owner; without such a group, its owner alone. 0 or -errno: of chmod(2), or of chown(2) for a
 * group that is not ours to give. */
int unix_socket_share(const char *path, const char *group);

/* unix_socket_listen() for the owner, and unix_socket_share(); that the group is not ours to give
 * is a warning in the log. */
int unix_socket_offer(const char *path, int type, const char *group);

#ifdef __cplusplus
}
#endif
#endif
