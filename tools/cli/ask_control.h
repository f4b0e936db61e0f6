/* Asking bascule-control: one line of JSON to its socket, rows back (control/manage/ctl.h has the
 * protocol and the commands). */
#ifndef BASCULE_ASK_CONTROL_H
#define BASCULE_ASK_CONTROL_H

#include <jansson.h>

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Given each row of an answer, borrowed for the call. False: stop asking (it said why itself). */
typedef bool control_row_fn(void *ctx, const json_t *row);

/* Connect to cli->instance's control. The descriptor, or below 0: said on cli->err, with what to
 * do. */
int control_connect(const struct cli *cli);

/* Ask on a connected socket and hand each row to `on_row`. Takes the reference to `arguments`
 * (NULL: none). Returns CLI_OK at the answer's end; CLI_FAILED after an error, an answer that is
 * none, or silence: said on cli->err. */
enum cli_exit control_ask(const struct cli *cli, int fd, const char *command, json_t *arguments,
			  control_row_fn *on_row, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
