/* What nearly every test includes, compiled once: googletest alone takes the compiler longer than
 * most tests. */
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>
