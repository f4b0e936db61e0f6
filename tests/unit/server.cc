/* The route server for tests: see server.h. */
#include "server.h"

#include "show.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <fstream>

#include "adjacency.h"
#include "log.h"
#include "trie6_lookup.h"
#include "update.h"
#include "update_ctx.h"

enum { TRIE6_GROUPS = 16384 };

uint64_t look_ns;

static uint64_t server_clock()
{
	static uint64_t ns = 1000 * 1000 * 1000; /* no clock is at zero */

	return ns += look_ns;
}

std::vector<std::string> many(unsigned int n)
{
	std::vector<std::string> list;

	for (unsigned int i = 0; i < n; i++)
		list.push_back("172." + std::to_string(16 + i / 256) + "." +
			       std::to_string(i % 256) + ".0/24");
	return list;
}

/* A port's address and its subnet. */
static void seed_port(struct fib *fib, const struct fib_port &port, enum family family, uint32_t v4,
		      uint8_t len)
{
	const struct prefix host = prefix_make(addr_of(family, v4), family_bits((uint8_t)family));
	struct fib_seed local = { to_fib_prefix(host), ADJACENCY_LOCAL, port.role, port.port,
				  port.mtu };
	struct fib_seed subnet = { to_fib_prefix(prefix_of(family, v4, len)), ADJACENCY_GLEAN,
				   port.role, port.port, port.mtu };

	EXPECT_EQ(0, fib_seed(fib, &local));
	EXPECT_EQ(0, fib_seed(fib, &subnet));
}

/* One FIB for the whole program: its tables are large. Each server fills the spare generation
 * anew. */
static struct fib *shared_fib()
{
	static struct fib *fib;
	struct fib_params params = { "bascule_test", 0, 64, 4, SOCKET_ID_ANY, 0, TRIE6_GROUPS };
	static const struct {
		const char *name;
		enum role role;
		const char *addr;
		uint8_t len;
	} ports[] = {
		{ "er0", ROLE_EXPRESSROUTE, "10.0.255.33", 28 },
		{ "nva0", ROLE_NVA, "10.0.2.1", 24 },
		{ "vnet0", ROLE_VNET, "10.0.1.4", 24 },
		{ "vpn0", ROLE_VPN, "10.0.255.1", 28 },
	};

	if (fib)
		return fib;
	for (const auto &p : ports)
		params.views6 = params.views |= (uint8_t)(1 << p.role);
	EXPECT_EQ(0, fib_create(&params, &fib));
	for (uint16_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct fib_port port = {};

		strcpy(port.name, ports[i].name);
		port.port = i;
		port.mtu = 1500;
		port.role = (uint8_t)ports[i].role;
		port.up = 1;
		EXPECT_EQ(0, fib_port_add(fib, &port));
		for (enum family family : { FAMILY_IPV4, FAMILY_IPV6 })
			seed_port(fib, port, family, ip(ports[i].addr), ports[i].len);
	}
	EXPECT_EQ(0, fib_ready(fib));
	return fib;
}

void server_test::SetUp()
{
	char name[] = "/tmp/bascule-server-XXXXXX";

	log_open("test", "-", LOG_LEVEL_ERROR);
	ASSERT_NE(nullptr, mkdtemp(name));
	dir = name;
	fib = shared_fib();
	signal(SIGHUP, [](int) { hangups++; }); /* this process stands for the dataplane */
	hangups = 0;
	__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	fib_gate_set(fib, 0);
}

void server_test::TearDown()
{
	stop_server();
	unlink((dir + "/exchange").c_str());
	unlink((dir + "/maintenance").c_str());
	unlink((dir + "/rs.conf").c_str());
	rmdir(dir.c_str());
}

uint16_t server_test::caps_here(uint16_t caps) const
{
	static const uint16_t of_both[][2] = {
		{ SPEAKER_CAP_MP_IPV4, SPEAKER_CAP_MP_IPV6 },
		{ SPEAKER_CAP_GR, SPEAKER_CAP_GR_IPV6 },
		{ SPEAKER_CAP_GR_FORWARDING, SPEAKER_CAP_GR_FORWARDING_IPV6 },
	};
	uint16_t all = caps;

	for (const auto &cap : of_both)
		if (family == FAMILY_IPV6 && caps & cap[0])
			all = (uint16_t)((all & ~cap[0]) | cap[1]);
	return all;
}

std::string server_test::plain(std::string text) const
{
	if (family == FAMILY_IPV4)
		return text;
	for (size_t at; (at = text.find("IPv6 ")) != std::string::npos;)
		text.erase(at, strlen("IPv6 "));
	return text4_of(text);
}

/* A router ID is of no family. */
static std::string config_in(enum family family, const std::string &text)
{
	const std::string router_id = "router_id = \"";
	size_t begin = text.find(router_id), end;

	if (begin == std::string::npos)
		return text_in(family, text);
	begin += router_id.size();
	end = text.find('"', begin);
	return text_in(family, text.substr(0, begin)) + text.substr(begin, end - begin) +
	       text_in(family, text.substr(end));
}

struct config *server_test::configure(const std::string &text)
{
	struct config_report report = {};
	struct config *config;

	std::ofstream(dir + "/rs.conf") << config_in(family, text);
	config = config_load((dir + "/rs.conf").c_str(), &report);
	for (size_t i = 0; i < report.nb_errors; i++)
		ADD_FAILURE() << report.errors[i];
	config_report_free(&report);
	return config;
}

void server_test::start(const std::string &text, size_t from_rib_size)
{
	struct rs_params params = {};

	for (unsigned int i = 0; i < nb_speakers; i++) {
		speakers[i].to_rib = mailbox_new(4 << 20);
		speakers[i].from_rib = mailbox_new(from_rib_size);
	}
	pages = mailbox_new(4096);
	answers = mailbox_new(4096);
	answered = eventfd(0, EFD_NONBLOCK);
	params.config = configure(text);
	ASSERT_NE(nullptr, params.config);
	ASSERT_EQ(0, exchange_open(&exchange, (dir + "/exchange").c_str(),
				   params.config->exchange.enabled));
	params.exchange = &exchange;
	ASSERT_EQ(0, maintenance_open(&maintenance, (dir + "/maintenance").c_str()));
	params.maintenance = &maintenance;
	params.fib = fib;
	params.answer = show_answer;
	params.speakers = speakers;
	params.nb_speakers = nb_speakers;
	params.desks[0] = { pages, answers, answered };
	ASSERT_EQ(0, rs_new(&params, &rs));
	rs->clock_ns = server_clock;
	look_ns = LOOK_NS;
	now_ms = rs->now_ms;
}

void server_test::stop_server()
{
	if (!rs)
		return;
	collect();
	rs_free(rs);
	rs = nullptr;
	exchange_close(&exchange);
	maintenance_close(&maintenance);
	for (unsigned int i = 0; i < nb_speakers; i++) {
		mailbox_free(speakers[i].to_rib);
		mailbox_free(speakers[i].from_rib);
		commands[i].clear();
	}
	mailbox_free(pages);
	mailbox_free(answers);
	close(answered);
	announced.clear();
	most.clear();
	eors.clear();
	late.clear();
	for (auto &of : eors_of)
		of.clear();
	adds.clear();
	resets.clear();
	refreshes.clear();
	memset(epoch, 0, sizeof(epoch));
}

/* --- time ------------------------------------------------------------------------------------- */

void server_test::turn(const std::function<void()> &each)
{
	unsigned int idle = 0;

	for (int i = 0; i < 100000 && idle < 4; i++) {
		idle = rs_turn(rs, now_ms) ? 0 : idle + 1;
		collect();
		each();
	}
	EXPECT_EQ(4u, idle) << "it never comes to rest";
}

/* --- what speakers say ------------------------------------------------------------------------ */

void server_test::post(const void *record, size_t len, unsigned int speaker)
{
	struct mailbox *to_rib = speakers[speaker].to_rib;
	void *at = mailbox_reserve(to_rib, len);

	ASSERT_NE(nullptr, at);
	memcpy(at, record, len);
	mailbox_post(to_rib, len);
}

void server_test::up_with(uint16_t peer, uint16_t caps)
{
	struct speaker_up e = {};

	e.head = { SPEAKER_UP, peer, ++epoch[peer] };
	e.remote_id = 100u + peer;
	e.local_addr = here(ip(peer == ERGW ? "10.0.255.33" : "10.0.2.1"));
	e.hold_s = 180;
	e.keepalive_s = 60;
	e.restart_s = 20;
	e.link_local = link_local;
	e.caps = caps;
	e.ibgp = peer == ERGW;
	post(&e, sizeof(e));
}

void server_test::down(uint16_t peer, bool keep)
{
	struct speaker_down e = {};

	e.head = { SPEAKER_DOWN, peer, epoch[peer] };
	e.keep = keep;
	strcpy(e.reason, "the test says so");
	post(&e, sizeof(e));
	announced.erase(peer);
}

void server_test::complain(uint16_t peer, const std::vector<uint8_t> &data, bool notification,
			   bool keep)
{
	struct speaker_down e = {};

	e.head = { SPEAKER_DOWN, peer, epoch[peer] };
	e.code = notification ? NOTIFY_UPDATE : 0;
	e.subcode = notification ? 5 : 0;
	e.received = notification;
	e.reset = !notification;
	e.keep = keep;
	e.data_len = (uint16_t)data.size();
	std::copy(data.begin(), data.end(), e.data);
	post(&e, sizeof(e));
	announced.erase(peer);
}

std::vector<uint8_t> server_test::heard(uint16_t peer, const char *prefix, uint8_t code)
{
	const std::vector<uint8_t> &wire = announced[peer][prefix];
	struct attr_view v;

	if (!attr_find(wire.data(), (uint16_t)wire.size(), code, &v))
		return {};
	std::vector<uint8_t> all = { 0xc0, code, (uint8_t)v.len };
	all.insert(all.end(), v.body, v.body + v.len);
	return all;
}

void server_test::update(uint16_t peer, const std::vector<std::string> &announced,
			 const attrs_spec &spec, const std::vector<std::string> &withdrawn)
{
	/* that a record has room for */
	const size_t most = UINT16_MAX / (family == FAMILY_IPV4 ? 5 : 17);
	std::vector<uint8_t> wire, record;
	struct speaker_update u = {};
	attrs_spec said = spec;

	for (const auto *list : { &withdrawn, &announced }) {
		if (list->size() <= most)
			continue;
		for (auto first = list->begin(); first != list->end();) {
			size_t n = std::min(most, (size_t)(list->end() - first));
			std::vector<std::string> part(first, first + (ptrdiff_t)n);

			first += (ptrdiff_t)n;
			if (list == &announced)
				update(peer, part, spec);
			else
				update(peer, {}, spec, part);
		}
		return;
	}
	auto put = [&record](const void *data, size_t len) {
		record.insert(record.end(), (const uint8_t *)data, (const uint8_t *)data + len);
	};

	u.head = { SPEAKER_UPDATE, peer, epoch[peer] };
	u.nb_withdrawn = (uint16_t)withdrawn.size();
	u.nb_announced = (uint16_t)announced.size();
	for (const auto *list : { &withdrawn, &announced })
		for (const std::string &text : *list)
			u.family = here(text).addr.family;
	if (u.family == FAMILY_IPV6)
		said.hop_family = FAMILY_IPV6;
	if (!announced.empty())
		wire = attrs_wire(said);
	u.attrs_len = (uint16_t)wire.size();
	attr_keys_parse(wire.data(), u.attrs_len, &u.keys);
	put(&u, sizeof(u));
	put(wire.data(), wire.size());
	for (const auto *list : { &withdrawn, &announced })
		for (const std::string &text : *list) {
			uint8_t octets[17];
			size_t len = nlri_put(octets, here(text));

			put(octets, len);
			(list == &withdrawn ? u.withdrawn_len : u.announced_len) += (uint16_t)len;
		}
	memcpy(record.data(), &u, sizeof(u));
	record.resize(record.size() + NLRI_SLACK);
	post(record.data(), record.size());
}

void server_test::announce(uint16_t peer, const std::vector<std::string> &prefixes)
{
	attrs_spec spec;

	spec.path = peer == ERGW ? std::vector<uint32_t>{ 12076, 65020 }
				 : std::vector<uint32_t>{ 65000u + peer };
	spec.next_hop = address(peer);
	update(peer, prefixes, spec);
}

/* --- what the server says --------------------------------------------------------------------- */

void server_test::collect_send(const struct speaker_send *send)
{
	static uint8_t attrs[BGP_ATTRS_MAX];
	struct cursor stream = cursor_make(send->buf->data, send->buf->len);
	struct update_ctx ctx = update_ctx_of(true, send->head.peer != ERGW, BOTH_FAMILIES, true);
	struct bgp_message msg = {};
	struct bgp_notify notify = {};
	struct bgp_update u = {};
	struct prefix p;

	while (message_next(&stream, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY) {
		ASSERT_EQ(BGP_UPDATE, msg.type);
		ASSERT_EQ(BGP_OK, update_decode(msg.body, &ctx, attrs, &u));
		messages++;
		late[send->head.peer] += eors[send->head.peer] && !u.eor;
		if (u.eor) {
			eors[send->head.peer]++;
			eors_of[u.family][send->head.peer]++;
		}
		while (nlri_next(&u.withdrawn, &p))
			announced[send->head.peer].erase(plain(p));
		for (; nlri_next(&u.announced, &p); told[send->head.peer]++)
			announced[send->head.peer][plain(p)] =
				std::vector<uint8_t>(attrs, attrs + u.attrs_len);
		most[send->head.peer] =
			std::max(most[send->head.peer], announced[send->head.peer].size());
	}
	ASSERT_EQ(0u, cursor_left(&stream));
}

void server_test::collect_from(struct mailbox *from_rib, std::vector<std::string> *all)
{
	const struct speaker_command *c;
	size_t len;

	while ((c = (const struct speaker_command *)mailbox_peek(from_rib, &len))) {
		if (c->type == SPEAKER_SEND) {
			collect_send((const struct speaker_send *)c);
			wire_buf_put(((const struct speaker_send *)c)->buf);
		} else if (c->type == SPEAKER_PEER_ADD) {
			adds.push_back(*(const struct speaker_peer_add *)c);
			all->push_back("add " + std::to_string(c->peer) +
				       (adds.back().elsewhere ? " elsewhere" : ""));
		} else if (c->type == SPEAKER_PEER_RESET || c->type == SPEAKER_PEER_REMOVE ||
			   c->type == SPEAKER_STOP) {
			resets.push_back(*(const struct speaker_peer_reset *)c);
			if (c->type == SPEAKER_PEER_REMOVE)
				all->push_back("remove " + std::to_string(c->peer));
		} else if (c->type == SPEAKER_CONNECTION) {
			close(((const struct speaker_accepted *)c)->fd);
			all->push_back("connection " + std::to_string(c->peer));
		} else {
			others.push_back(c->type);
			if (c->type == SPEAKER_SEND_REFRESH)
				refreshes.push_back(*c);
		}
		mailbox_done(from_rib);
	}
}

std::string server_test::knows(uint16_t peer)
{
	std::string list;

	for (const auto &[prefix, attrs] : announced[peer])
		list += (list.empty() ? "" : " ") + prefix;
	return list;
}

struct attr_keys server_test::keys(uint16_t peer, const char *prefix)
{
	struct attr_keys k = {};
	const std::vector<uint8_t> &wire = announced[peer][prefix];

	attr_keys_parse(wire.data(), (uint16_t)wire.size(), &k);
	return k;
}

uint32_t server_test::next_hop(uint16_t peer, const char *prefix)
{
	const std::vector<uint8_t> &wire = announced[peer][prefix];

	struct addr addr = attr_next_hop(wire.data(), (uint16_t)wire.size(), 0).addr;

	return prefix4_of(prefix_make(addr, prefix_of(family, 0, 32).len)).addr.v4;
}

/* --- the management thread -------------------------------------------------------------------- */

std::unique_ptr<struct page> server_test::ask(enum page_command command, const char *peer,
					      const std::function<void(struct page *)> &more)
{
	std::unique_ptr<struct page> page(new struct page());

	page->command = command;
	strcpy(page->peer, peer);
	more(page.get());
	answer(page.get());
	return page;
}

void server_test::answer(struct page *page)
{
	struct page **slot = (struct page **)mailbox_reserve(pages, sizeof(*slot));
	size_t len;

	*slot = page;
	mailbox_post(pages, sizeof(*slot));
	for (int i = 0; i < 20000 && !mailbox_peek(answers, &len);) {
		rs_turn(rs, now_ms);
		if (rs->exchange_wait.first || rs->service.first)
			usleep(500); /* for the disk, however long it takes */
		else
			i++;
	}
	EXPECT_NE(nullptr, mailbox_peek(answers, &len));
	mailbox_done(answers);
}

void server_test::exchange_on(bool enable)
{
	auto page = ask(PAGE_EXCHANGE_SET, "", [enable](struct page *p) { p->enable = enable; });

	EXPECT_STREQ("", page->error);
}

std::unique_ptr<struct page> server_test::reload(const std::string &text, bool force)
{
	struct config *wanted = configure(text);
	auto page = ask(PAGE_RELOAD, "", [wanted, force](struct page *p) {
		p->config = wanted;
		p->force = force;
	});

	config_free(page->config);
	page->config = nullptr;
	return page;
}

void server_test::reopen_exchange(bool configured)
{
	exchange_close(&exchange);
	ASSERT_EQ(0, exchange_open(&exchange, (dir + "/exchange").c_str(), configured));
}

/* --- the data plane --------------------------------------------------------------------------- */

void server_test::arp(const char *gateway, bool answers_arp, unsigned int roles)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	const struct fib_addr whose = fib_here(ip(gateway));
	struct fib_generation *g = writing();

	for (uint32_t i = 0; i < g->adjacencies_end; i++) {
		struct adjacency *a = &g->adjacencies[i];

		if (!adjacency_claimed(a) || memcmp(&a->gateway, &whose, sizeof(whose)) ||
		    !(roles >> a->egress_role & 1))
			continue;
		if (answers_arp)
			adjacency_resolve(a, mac, mac);
		else
			adjacency_unresolve(a);
	}
}

std::vector<std::string> server_test::half_full(unsigned int which) const
{
	std::vector<std::string> list;

	for (unsigned int i = 0; i < (family == FAMILY_IPV4 ? 60 : 512); i++)
		list.push_back(std::to_string(20 + which * 2 + i / 256) + "." +
			       std::to_string(i % 256) + ".0.0/25");
	return list;
}

std::string server_test::next_hops(const struct fib_generation *g, uint32_t path_list)
{
	std::string hops;

	for (uint16_t i = 0; i < g->path_lists[path_list].nb_members; i++) {
		const struct adjacency *a = &g->adjacencies[g->path_lists[path_list].member[i]];
		char text[ADDR_TEXT];

		if (a->action == ADJACENCY_LOCAL)
			return "local";
		if (a->action == ADJACENCY_GLEAN)
			return std::string("on link, ") + role_name((enum role)a->egress_role);
		if (a->action == ADJACENCY_FORWARD || a->action == ADJACENCY_UNRESOLVED)
			hops += (hops.empty() ? "" : " ") +
				plain(std::string(addr_text(from_fib_addr(&a->gateway), text)));
	}
	return hops.empty() ? "nowhere" : hops;
}

uint32_t server_test::path_list_of(const struct fib_generation *g, enum role view, const char *dst)
{
	const struct fib_view *v = &g->view[view];
	const struct trie6_reader in = { v->trie6, fib->trie6_groups,
					 v->default_path_list[FIB_IP6] };
	struct addr addr = here(ip(dst));
	struct fib_addr words = to_fib_addr(addr);
	uint32_t index;

	if (addr.family == FAMILY_IPV4)
		fib_lookup_burst(v, UINT32_MAX, &addr.v4, &index, 1);
	else
		trie6_plain.burst(&in, &words, &index, 1);
	return index;
}

std::string server_test::forwards(const struct fib_generation *g, enum role view, const char *dst)
{
	return next_hops(g, path_list_of(g, view, dst));
}

std::string server_test::backup_to(enum role view, const char *dst)
{
	const struct fib_generation *g = writing();

	return next_hops(g, g->path_lists[path_list_of(g, view, dst)].backup);
}

void server_test::start_with_routes(bool exchange_enabled)
{
	start();
	if (exchange_enabled)
		exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(ERGW, { "10.20.0.0/16" });
	announce(NVA_A, { "172.16.1.0/24" });
	announce(NVA_B, { "172.16.2.0/24" });
	turn();
	arp_all();
	turn();
}
