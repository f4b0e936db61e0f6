/* Metrics of the dataplane: ports, what became of packets, its memory. Names of reasons, classes
 * and events are the dataplane's own. */
#include <string.h>

#include "metrics.h"

/* --- ports ------------------------------------------------------------------------------------ */

static const struct port_metric {
	struct metric_family family;
	const char *key; /* of the port's object */
} of_ports[] = {
	{ { "bascule_port_up", METRIC_GAUGE, NULL, "Whether the port has a link." }, "link" },
	{ { "bascule_port_received_packets", METRIC_COUNTER, NULL,
	    "Packets that came by the port." },
	  "rx_packets" },
	{ { "bascule_port_received_bytes", METRIC_COUNTER, "bytes",
	    "Octets that came by the port." },
	  "rx_bytes" },
	{ { "bascule_port_sent_packets", METRIC_COUNTER, NULL, "Packets that left by the port." },
	  "tx_packets" },
	{ { "bascule_port_sent_bytes", METRIC_COUNTER, "bytes", "Octets that left by the port." },
	  "tx_bytes" },
	{ { "bascule_port_receive_missed", METRIC_COUNTER, NULL,
	    "Packets for which the device had no descriptor." },
	  "rx_missed" },
	{ { "bascule_port_receive_errors", METRIC_COUNTER, NULL,
	    "Packets that the device received wrong." },
	  "rx_errors" },
	{ { "bascule_port_receive_no_buffer", METRIC_COUNTER, NULL,
	    "Packets for which there was no buffer." },
	  "rx_no_buffer" },
	{ { "bascule_port_send_errors", METRIC_COUNTER, NULL,
	    "Packets that the device failed to send." },
	  "tx_errors" },
};

enum { OF_PORTS = sizeof(of_ports) / sizeof(of_ports[0]) };

static uint64_t number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* An answer of the dataplane, for iteration. */
static json_t *part(const struct metrics *metrics, const char *key)
{
	return json_object_get(metrics->dataplane, key);
}

static void put_port(struct exposition *to, const struct metrics *metrics,
		     const struct port_metric *metric)
{
	const char *name;
	json_t *port;

	exposition_family(to, &metric->family);
	json_object_foreach(part(metrics, "ports"), name, port)
	{
		exposition_sample(to);
		exposition_label(to, "port", text(port, "name"));
		exposition_label(to, "role", text(port, "role"));
		if (!strcmp(metric->key, "link"))
			exposition_value(to, !strcmp(text(port, "link"), "up"));
		else
			exposition_value(to, number(port, metric->key));
	}
}

/* --- packets by what became of them ----------------------------------------------------------- */

static const struct counter_metric {
	struct metric_family family;
	const char *key;   /* of a port's counters: an object of numbers, or a number */
	const char *label; /* for the names in it; NULL: it is a number */
} of_counters[] = {
	{ { "bascule_packets_transit", METRIC_COUNTER, NULL,
	    "Packets that passed through and left by the port, or came by it to be cut or held." },
	  "transit",
	  NULL },
	{ { "bascule_packets_dropped", METRIC_COUNTER, NULL,
	    "Packets dropped, by port and reason." },
	  "drops",
	  "reason" },
	{ { "bascule_frames_dropped", METRIC_COUNTER, NULL,
	    "Frames of the port's device dropped before it was known whose they are, by reason." },
	  "device_drops",
	  "reason" },
	{ { "bascule_packets_punted", METRIC_COUNTER, NULL,
	    "Packets handed to the main lcore, by port and class." },
	  "punted",
	  "class" },
	{ { "bascule_packets_to_kernel", METRIC_COUNTER, NULL,
	    "Packets given to the kernel through the port's interface." },
	  "to_kernel",
	  NULL },
	{ { "bascule_packets_from_kernel", METRIC_COUNTER, NULL,
	    "Packets of the kernel sent by the port." },
	  "from_kernel",
	  NULL },
	{ { "bascule_events", METRIC_COUNTER, NULL,
	    "What is worth counting and is not the end of a packet, by port and name." },
	  "events",
	  "event" },
};

enum { OF_COUNTERS = sizeof(of_counters) / sizeof(of_counters[0]) };

static void put_named(struct exposition *to, const char *port, const char *label, json_t *names)
{
	const char *name;
	json_t *value;

	json_object_foreach(names, name, value)
	{
		exposition_sample(to);
		exposition_label(to, "port", port);
		exposition_label(to, label, name);
		exposition_value(to, (uint64_t)json_integer_value(value));
	}
}

static void put_counter(struct exposition *to, const struct metrics *metrics,
			const struct counter_metric *metric)
{
	const char *port;
	json_t *counters;

	exposition_family(to, &metric->family);
	json_object_foreach(part(metrics, "counters"), port, counters)
	{
		if (metric->label) {
			put_named(to, port, metric->label, json_object_get(counters, metric->key));
			continue;
		}
		exposition_sample(to);
		exposition_label(to, "port", port);
		exposition_value(to, number(counters, metric->key));
	}
}

/* --- memory ----------------------------------------------------------------------------------- */

static const struct heap_metric {
	struct metric_family family;
	const char *key; /* DPDK's, of /eal/heap_info */
} of_heap[] = {
	{ { "bascule_hugepages_bytes", METRIC_GAUGE, "bytes",
	    "Hugepage memory that the instance holds." },
	  "Heap_size" },
	{ { "bascule_hugepages_used_bytes", METRIC_GAUGE, "bytes", "Of that, what is in use." },
	  "Alloc_size" },
};

enum { OF_HEAP = sizeof(of_heap) / sizeof(of_heap[0]) };

static void put_heap(struct exposition *to, const struct metrics *metrics,
		     const struct heap_metric *metric)
{
	exposition_family(to, &metric->family);
	exposition_sample(to);
	exposition_value(to, number(part(metrics, "heap"), metric->key));
}

static void put_up(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule_dataplane_up", METRIC_GAUGE, NULL,
						     "Whether bascule-dataplane has answered; "
						     "without, what follows is missing." };

	exposition_family(to, &family);
	exposition_sample(to);
	exposition_value(to, metrics->dataplane != NULL);
}

bool metrics_put_dataplane(struct exposition *to, const struct metrics *metrics, unsigned int i)
{
	if (!i) {
		put_up(to, metrics);
		return true;
	}
	i--;
	if (!metrics->dataplane)
		return false;
	if (i < OF_PORTS)
		put_port(to, metrics, &of_ports[i]);
	else if (i < OF_PORTS + OF_COUNTERS)
		put_counter(to, metrics, &of_counters[i - OF_PORTS]);
	else if (i < OF_PORTS + OF_COUNTERS + OF_HEAP)
		put_heap(to, metrics, &of_heap[i - OF_PORTS - OF_COUNTERS]);
	else
		return false;
	return true;
}
