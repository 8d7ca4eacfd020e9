# Every third-party library, once, under one name each; all come from the distribution.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
foreach(pair IN ITEMS
        sqlite:sqlite3 yaml:yaml-cpp libyaml:yaml-0.1 re2:re2 openssl:openssl argon2:libargon2
        zstd:libzstd zlib:zlib lzma:liblzma xxhash:libxxhash icu:icu-uc)
    string(REPLACE ":" ";" parts ${pair})
    list(GET parts 0 name)
    list(GET parts 1 module)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
    add_library(gac_lib_${name} INTERFACE)
    target_link_libraries(gac_lib_${name} INTERFACE PkgConfig::${name})
endforeach()

find_package(Boost 1.81 REQUIRED COMPONENTS json)
add_library(gac_lib_boost INTERFACE)
target_link_libraries(gac_lib_boost INTERFACE Boost::boost)
target_compile_definitions(gac_lib_boost INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
add_library(gac_lib_json INTERFACE)
target_link_libraries(gac_lib_json INTERFACE Boost::json)
add_library(gac_lib_simdjson INTERFACE)
target_link_libraries(gac_lib_simdjson INTERFACE simdjson::simdjson)
add_library(gac_lib_fmt INTERFACE)
target_link_libraries(gac_lib_fmt INTERFACE fmt::fmt)
