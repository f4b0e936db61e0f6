/* Configurations for tests: a good file, in a folder of its own, what is wrong with it when a word
 * of it is another, and what is said then. */
#ifndef BASCULE_TEST_CONFIG_FILE_H
#define BASCULE_TEST_CONFIG_FILE_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "config.h"

static const char good[] =
	R"(instance = { name = "rs0"; asn = 65515; router_id = "10.0.1.4"; profile = "open"; };
exchange = { enabled = false; nva_to_nva = "exchange"; };
routing_preference = "expressroute";
dataplane = {
  main_lcore = 0; forwarding_lcores = [1, 2];
  idle = "adaptive"; memory_mb = 1024; tbl8_groups = 8192;
  ports = (
    { name = "er0"; device = "0000:3b:00.0"; role = "expressroute"; )"
	R"(addresses = ["10.0.255.33/28"]; mtu = 9000; },
    { name = "vpn0"; device = "net_tap0,iface=a"; role = "vpn"; addresses = ["10.0.255.1/28"]; },
    { name = "nva0"; device = "net_tap1"; role = "nva";)"
	R"( addresses = ["10.0.2.1/24", "10.0.2.2/24"]; },
    { name = "vnet0"; device = "net_tap2"; role = "vnet"; addresses = ["10.0.3.4/24"]; } ); };
control = { lcores = [3]; listen_port = 1179; restart_s = 60; med = "ignore"; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; },
  { prefix = "10.4.0.0/16"; port = "vnet0"; next_hop = "10.0.3.1"; peered = true; },
  { prefix = "10.7.0.0/16"; port = "nva0"; next_hop = "10.0.2.9"; } );
gateways = (
  { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36", "10.0.255.37"]; },
  { name = "vpngw"; role = "vpn"; addresses = ["10.0.255.4", "10.0.255.5"]; asn = 65004;)"
	R"( hold_s = 30; } );
peers = (
  { name = "nva-a"; address = "10.0.2.4"; asn = 65001; hold_s = 9; multihop = true;)"
	R"( next_hop = "unchanged"; },
  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; passive = true; port = 1790; hold_s = 0; },
  { name = "nva-c"; address = "10.7.1.5"; asn = 4200000000L; inbound_map = "in";)"
	R"( outbound_map = "out"; multihop = true; } );
route_maps = (
  { name = "in"; rules = (
    { name = "sum"; match = { prefix_contains = ["10.2.0.0/16"]; communities_equal = ["65001:1"]; };
      action = { prefix_replace = "10.2.0.0/16"; }; },
    { name = "no"; match = { prefix_equals = ["10.9.0.0/16"]; as_path_contains = [65001]; };)"
	R"( action = "drop"; } ); },
  { name = "out"; rules = (
    { name = "pre"; action = { as_path_add = [64511, 3356]; communities_add = ["3356:70"]; };)"
	R"( next = "terminate"; },
    { name = "tag"; action = { as_path_replace = []; communities_remove = ["65001:9"]; }; } ); } );
)";

/* A folder of files that goes with the object. */
class folder
{
      public:
	folder()
	{
		char name[] = "/tmp/bascule-config-XXXXXX";

		path_ = mkdtemp(name);
	}
	~folder()
	{
		for (const std::string &f : files_)
			unlink(f.c_str());
		rmdir(path_.c_str());
	}
	std::string write(const std::string &name, const std::string &text, mode_t mode = 0600)
	{
		std::string path = path_ + "/" + name;

		std::ofstream(path, std::ios::binary) << text;
		chmod(path.c_str(), mode);
		files_.push_back(path);
		return path;
	}
	const std::string &path() const
	{
		return path_;
	}

      private:
	std::string path_;
	std::vector<std::string> files_;
};

struct loaded {
	struct config *config;
	std::vector<std::string> errors, warnings; /* without the file's folder in front */

	~loaded()
	{
		config_free(config);
	}
};

static inline loaded load(const folder &dir, const std::string &path)
{
	struct config_report report;
	loaded l = { config_load(path.c_str(), &report), {}, {} };
	auto cut = [&](const char *line) {
		std::string s = line;

		for (size_t at; (at = s.find(dir.path() + "/")) != std::string::npos;)
			s.erase(at, dir.path().size() + 1);
		return s;
	};

	for (size_t i = 0; i < report.nb_errors; i++)
		l.errors.push_back(cut(report.errors[i]));
	for (size_t i = 0; i < report.nb_warnings; i++)
		l.warnings.push_back(cut(report.warnings[i]));
	config_report_free(&report);
	return l;
}

static inline std::string replaced(std::string text, const std::string &from, const std::string &to)
{
	size_t at = text.find(from);

	EXPECT_NE(std::string::npos, at) << from;
	return text.replace(at, from.size(), to);
}

/* `from` in the good file becomes `to`, and this is what is said about it. */
struct error_case {
	const char *from, *to, *error;
};

/* With profile = "azure", gateways at 65515 and an NVA within 16 bits, the good file is still
 * good. */
static inline std::string azure()
{
	return replaced(replaced(replaced(good, "\"open\"", "\"azure\""), "asn = 65004; ", ""),
			"4200000000L", "65003");
}

class config_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		dir.write("good.key", "secret\n", 0600);
		dir.write("empty.key", "\n", 0600);
		dir.write("long.key", std::string(81, 'k') + "\n", 0600);
		dir.write("two.key", "one\ntwo\n", 0600);
		dir.write("mark.key", "\xef\xbb\xbfsecret\r\n", 0600);
		dir.write("utf16.key", std::string("s\0e\0c\0\n\0", 8), 0600);
		dir.write("nul.key", std::string("sec\0ret\n", 8), 0600);
		dir.write("cr.key", "secret\r", 0600);
	}
	loaded load_text(const std::string &text)
	{
		return load(dir, dir.write("c", text));
	}

	/* Each case alone, made of `text`: it is refused, and nothing else is said. */
	template <size_t N>
	void expect_errors(const std::string &text, const error_case (&cases)[N])
	{
		for (const error_case &t : cases) {
			loaded l = load_text(replaced(text, t.from, t.to));

			EXPECT_EQ(nullptr, l.config) << t.error;
			EXPECT_EQ(std::vector<std::string>{ t.error }, l.errors);
		}
	}

	folder dir;
};

#endif
