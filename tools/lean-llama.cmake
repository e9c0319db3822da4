# Read by CMake right after project(llama_cpp); the Makefile names it in CMAKE_ARGS.

# llama-cpp-python forces LLAMA_BUILD_COMMON on, as a cache variable; a plain variable of the same
# name wins over it (CMake policy CMP0126). Fimble uses libllama alone: without the argument parser,
# chat parsers and HTTP client of `common`, 57 of 140 files are not compiled.
set(LLAMA_BUILD_COMMON OFF)

# AMX exists on servers only, and on some virtual machines that announce it the first tile
# instruction ends the process.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT MSVC)
    add_compile_options(-mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
endif()
