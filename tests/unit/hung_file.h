/* A file on a disk that hangs: whoever opens it waits. It is a pipe. */
#ifndef BASCULE_TEST_HUNG_FILE_H
#define BASCULE_TEST_HUNG_FILE_H

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

static inline void hang(const std::string &file)
{
	ASSERT_EQ(0, mkfifo(file.c_str(), 0700));
}

/* Let who reads it through: nothing is in it. One reads it, or is about to. */
static inline void unhang_reader(const std::string &file)
{
	int fd;

	while ((fd = open(file.c_str(), O_WRONLY | O_NONBLOCK)) < 0 && errno == ENXIO)
		usleep(100); /* until it is there */
	unlink(file.c_str());
	close(fd);
}

/* Let who writes it through, or is about to: it finds that this is no file to be synchronised.
 * `through`: no more of them will come, for the file has gone, and none is left. */
static inline void unhang_writer(const std::string &file, const std::function<bool()> &through)
{
	int fd = open(file.c_str(), O_RDWR | O_NONBLOCK);

	unlink(file.c_str());
	while (!through())
		usleep(100);
	close(fd);
}

#endif
