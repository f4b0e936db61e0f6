/* Where the two processes of an instance listen. */
#ifndef BASCULE_CLI_ENDPOINT_H
#define BASCULE_CLI_ENDPOINT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Connect: to control's socket for all commands, or, if that is not for us, to the one for those
 * who may look only. The descriptor, or -errno: -ENOENT and -ECONNREFUSED if the process is not
 * there, -EACCES if it does not answer the likes of us. */
int endpoint_control(const char *instance);
int endpoint_path(const char *path); /* a control's socket by its path */
int endpoint_dataplane(const char *instance);
/* Close a descriptor; nothing if it is below 0. */
void endpoint_close(int fd);

#ifdef __cplusplus
}
#endif
#endif
