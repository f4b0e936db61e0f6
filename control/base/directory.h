/* Directories of the file system. */
#ifndef BASCULE_DIRECTORY_H
#define BASCULE_DIRECTORY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Make the directories that `path` stands in, up to its last '/', with mode 0755; those that exist
 * stay as they are. 0, or -errno: -ENAMETOOLONG from PATH_MAX on. */
int directory_make_parents(const char *path);

#ifdef __cplusplus
}
#endif
#endif
