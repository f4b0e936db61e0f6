/* What profile = "azure" refuses at load: the limits of Azure Route Server that a configuration can
 * break. */
#include "file.h"

enum {
	AZURE_ASN = 65515,
	AZURE_NVAS = 8,
	AZURE_VNETS = 500, /* the hub among them */
	AZURE_ROUTES = 4000,
	AZURE_TOTAL = 10000,
	AZURE_TO_EXPRESSROUTE = 1000
};

/* AS numbers that Azure or IANA keep for themselves; a peer cannot have them. (23456 is refused in
 * any profile.) */
static const struct reserved_asns {
	uint32_t first, last;
} reserved[] = {
	{ 8074, 8075 },	  { 12076, 12076 }, { 64496, 64511 },
	{ 65515, 65515 }, { 65517, 65520 }, { 65535, 65551 },
};

static void check_nva_asn(struct complaints *c, const struct file *file, size_t i)
{
	const config_setting_t *at = file_element(file, "peers", i);
	uint32_t asn = file->nvas[i].asn;

	for (size_t r = 0; r < sizeof(reserved) / sizeof(reserved[0]); r++) {
		if (asn < reserved[r].first || asn > reserved[r].last)
			continue;
		complain(c, at, "asn",
			 "%u is reserved with profile azure, allowed are 1..65534 but 8074, 8075, "
			 "12076, 23456, 64496..64511, 65515, 65517..65520",
			 asn);
		return;
	}
	if (asn > UINT16_MAX)
		complain(c, at, "asn",
			 "%u has more than 16 bits, allowed with profile azure are 1..65534", asn);
}

static void check_bound(struct complaints *c, const config_setting_t *at, const char *name,
			uint32_t bound, uint32_t most)
{
	if (bound != BOUND_NOT_GIVEN && (!bound || bound > most))
		complain(c, at, name, "%u is out of range, allowed with profile azure are 1..%u",
			 bound, most);
}

/* A VNet may have a prefix of each family. */
static void check_vnets(struct complaints *c, const struct file *file)
{
	size_t of[FAMILY_COUNT] = { 0 };

	for (size_t i = 0; i < file->config.nb_vnets; i++) {
		if (++of[file->config.vnets[i].prefix.addr.family] <= AZURE_VNETS)
			continue;
		complain(c, file_element(file, "vnet", i), NULL,
			 "is one VNet too many, allowed with profile azure are %d", AZURE_VNETS);
		break;
	}
}

void file_check_azure(struct complaints *c, const struct file *file)
{
	const struct config_instance *instance = &file->config.instance;
	const config_setting_t *limits = config_setting_get_member(file->root, "limits");

	if (instance->asn != AZURE_ASN)
		complain(c, config_setting_get_member(file->root, "instance"), "asn",
			 "%u is out of range, allowed with profile azure is %d", instance->asn,
			 AZURE_ASN);
	check_vnets(c, file);
	for (size_t i = 0; i < file->nb_gateways; i++) {
		const config_setting_t *at = file_element(file, "gateways", i);
		const struct file_gateway *gateway = &file->gateways[i];

		if (gateway->session.asn && gateway->session.asn != AZURE_ASN)
			complain(c, at, "asn",
				 "%u is out of range, allowed with profile azure is %d",
				 gateway->session.asn, AZURE_ASN);
		if (gateway->gateway.allow_single_instance)
			complain(c, at, "allow_single_instance",
				 "true is out of range, allowed with profile azure is false");
	}
	for (size_t i = 0; i < file->nb_nvas; i++) {
		if (i == AZURE_NVAS)
			complain(c, file_element(file, "peers", i), NULL,
				 "is one NVA too many, allowed with profile azure are %d",
				 AZURE_NVAS);
		if (file->nvas[i].asn && file->nvas[i].asn != file->config.instance.asn)
			check_nva_asn(c, file, i);
		if (file->nvas[i].behind[0])
			complain(c, file_element(file, "peers", i), "behind",
				 "\"%s\" is out of range, allowed with profile azure are NVAs in "
				 "VNets, which have none",
				 file->nvas[i].behind);
		check_bound(c, file_element(file, "peers", i), "max_routes",
			    file->nvas[i].max_routes, AZURE_ROUTES);
	}
	check_bound(c, limits, "routes_per_peer", file->config.limits.routes_per_peer,
		    AZURE_ROUTES);
	check_bound(c, limits, "total", file->config.limits.total, AZURE_TOTAL);
	check_bound(c, limits, "to_expressroute", file->config.limits.to_expressroute,
		    AZURE_TO_EXPRESSROUTE);
}
