/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the scan-engine program. What asks a daemon is another one. */
#include "engine/cli/remote.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv, cli_remote_exec);
}
