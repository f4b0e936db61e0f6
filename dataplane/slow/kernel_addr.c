/* Addresses in and out of rtnetlink attributes. */
#include "kernel_addr.h"

#include <arpa/inet.h>

#include "ip6.h"

struct fib_addr kernel_addr_of(struct addr addr)
{
	return addr.family == FAMILY_IPV4 ? fib_addr_ip4(addr.v4) : ip6_addr(addr.v6);
}

uint8_t kernel_addr_family(const struct fib_addr *addr)
{
	return fib_addr_is_ip4(addr) ? AF_INET : AF_INET6;
}

void kernel_addr_put(struct nlmsghdr *request, uint16_t type, const struct fib_addr *addr)
{
	uint8_t wire[16];

	if (fib_addr_is_ip4(addr)) {
		mnl_attr_put_u32(request, type, htonl(fib_addr_to_ip4(addr)));
		return;
	}
	ip6_store(wire, addr);
	mnl_attr_put(request, type, sizeof(wire), wire);
}

bool kernel_addr_get(const struct nlattr *attr, uint8_t family, struct fib_addr *addr)
{
	uint16_t len = mnl_attr_get_payload_len(attr);

	if (family == AF_INET && len == sizeof(uint32_t))
		*addr = fib_addr_ip4(ntohl(mnl_attr_get_u32(attr)));
	else if (family == AF_INET6 && len == sizeof(*addr))
		*addr = ip6_addr(mnl_attr_get_payload(attr));
	else
		return false;
	return true;
}

char *kernel_addr_text(const struct fib_addr *addr, char text[ADDR_TEXT])
{
	uint8_t wire[16];

	if (fib_addr_is_ip4(addr))
		return addr4_text(fib_addr_to_ip4(addr), text);
	ip6_store(wire, addr);
	return addr_text(addr_make6(wire), text);
}
