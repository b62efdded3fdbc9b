#pragma once
#include <lzma.h>

// Macros with casts, and a compound initialiser: Swift imports neither.
static const lzma_vli sceau_lzma_filter_lzma1 = LZMA_FILTER_LZMA1;
static const lzma_vli sceau_lzma_filter_end = LZMA_VLI_UNKNOWN;
static const uint32_t sceau_lzma_preset_extreme = LZMA_PRESET_EXTREME;
static const uint32_t sceau_lzma_smallest_dictionary = LZMA_DICT_SIZE_MIN;
static inline lzma_stream sceau_lzma_stream(void) { return (lzma_stream)LZMA_STREAM_INIT; }
