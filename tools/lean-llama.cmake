# Read by CMake right after project(llama_cpp), see CMAKE_ARGS in the Makefile.
# llama-cpp-python forces LLAMA_BUILD_COMMON on, as a cache variable; a plain variable of the same
# name wins over it (CMake policy CMP0126). Fimble uses libllama alone: without the argument parser,
# chat parsers and HTTP client of `common`, 57 of 140 files are not compiled.
set(LLAMA_BUILD_COMMON OFF)
