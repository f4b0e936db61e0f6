/* Chooses lcores and nodes. */
#include "placement.h"

#include <rte_memory.h>

void placement_init(struct placement *placement, const int *sockets, uint16_t nb_lcores)
{
	*placement = (struct placement){ .nb_lcores = nb_lcores };
	for (uint16_t i = 0; i < nb_lcores; i++)
		placement->lcore[i].socket = sockets[i];
}

int placement_socket(const struct placement *placement)
{
	int best = SOCKET_ID_ANY;
	uint16_t most = 0;

	for (uint16_t i = 0; i < placement->nb_lcores; i++) {
		int socket = placement->lcore[i].socket;
		uint16_t n = 0;

		for (uint16_t k = 0; k < placement->nb_lcores; k++)
			n += placement->lcore[k].socket == socket;
		if (n > most || (n == most && socket < best)) {
			best = socket;
			most = n;
		}
	}
	return best;
}

bool placement_is_near(const struct placement *placement, uint16_t lcore, int socket)
{
	return socket == SOCKET_ID_ANY || placement->lcore[lcore].socket == socket;
}

uint16_t placement_near(const struct placement *placement, int socket)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < placement->nb_lcores; i++)
		n += placement_is_near(placement, i, socket);
	return n ? n : placement->nb_lcores;
}

void placement_begin(struct placement *placement)
{
	for (uint16_t i = 0; i < placement->nb_lcores; i++)
		placement->lcore[i].of_device = 0;
}

/* Is `a` the better lcore for one more queue of the device? */
static bool better(const struct placement *placement, uint16_t a, uint16_t b, int socket)
{
	const struct placement_lcore *x = &placement->lcore[a], *y = &placement->lcore[b];
	bool x_near = placement_is_near(placement, a, socket),
	     y_near = placement_is_near(placement, b, socket);

	if (x->of_device != y->of_device)
		return x->of_device < y->of_device;
	if (x_near != y_near)
		return x_near;
	return x->queues < y->queues;
}

uint16_t placement_take(struct placement *placement, int socket)
{
	uint16_t best = 0;

	for (uint16_t i = 1; i < placement->nb_lcores; i++) {
		if (better(placement, i, best, socket))
			best = i;
	}
	placement->lcore[best].queues++;
	placement->lcore[best].of_device++;
	return best;
}
