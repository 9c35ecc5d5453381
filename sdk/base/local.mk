ground_sources += \
	sdk/base/alloc.c sdk/base/alloc.h \
	sdk/base/arena.c sdk/base/arena.h \
	sdk/base/buffer.c sdk/base/buffer.h \
	sdk/base/buffer_xml.c \
	sdk/base/clock.c sdk/base/clock.h \
	sdk/base/steady.c sdk/base/steady.h \
	sdk/base/distance.c sdk/base/distance.h \
	sdk/base/error.c sdk/base/error.h \
	sdk/base/file.c sdk/base/file.h \
	sdk/base/file_tree.c \
	sdk/base/hash.c sdk/base/hash.h \
	sdk/base/log.c sdk/base/log.h \
	sdk/base/pattern.c sdk/base/pattern.h \
	sdk/base/status.c \
	sdk/base/table.c
