# gac_flags: what every target of ours is compiled and linked with.
add_library(gac_flags INTERFACE)
target_include_directories(gac_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

set(gac_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wformat=2
    -Wimplicit-fallthrough -Wextra-semi -Wundef -Wvla -Wdouble-promotion -Wmissing-declarations)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND gac_warnings -Wsuggest-override -Wduplicated-cond -Wduplicated-branches -Wlogical-op
        -Wno-restrict              # false alarm on "k=" + text at -O2 (GCC 12)
        -Wno-mismatched-new-delete # false alarm on coroutine frames of Boost.Asio (GCC 12)
        -Wno-missing-field-initializers)
else()
    list(APPEND gac_warnings -Wsuggest-override
        -Wno-missing-designated-field-initializers   # designated initializers rely on member defaults
        -Wno-missing-field-initializers)
endif()
target_compile_options(gac_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${gac_warnings}>)
if(GAC_WERROR)
    target_compile_options(gac_flags INTERFACE -Werror)
endif()

target_compile_options(gac_flags INTERFACE -g1 -fno-omit-frame-pointer
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -pthread)
target_link_options(gac_flags INTERFACE -pthread)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # Every server CPU of the last ten years: AVX2 is dispatched at run time by the libraries.
    target_compile_options(gac_flags INTERFACE -march=x86-64-v2)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(CMAKE_CXX_FLAGS_DEBUG "-O1")
    set(CMAKE_C_FLAGS_DEBUG "-O1")
    target_compile_definitions(gac_flags INTERFACE _GLIBCXX_ASSERTIONS)
else()
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -DNDEBUG")
    set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -DNDEBUG")
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT GAC_SANITIZE)
    target_compile_options(gac_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
        -D_GLIBCXX_ASSERTIONS -fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        target_compile_options(gac_flags INTERFACE -fcf-protection=full)
    endif()
    target_link_options(gac_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(GAC_SANITIZE)
    target_compile_options(gac_flags INTERFACE -fsanitize=${GAC_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(gac_flags INTERFACE -fsanitize=${GAC_SANITIZE})
endif()
if(GAC_COVERAGE)
    target_compile_options(gac_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(gac_flags INTERFACE --coverage)
endif()

find_program(GAC_CCACHE ccache)
if(GAC_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${GAC_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${GAC_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    find_program(GAC_LLD ld.lld-19)
    if(GAC_LLD)
        target_link_options(gac_flags INTERFACE --ld-path=${GAC_LLD} -Wl,--build-id -Wl,--gc-sections)
    endif()
endif()
