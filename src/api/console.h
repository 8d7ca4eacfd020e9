// The built console's files, in memory from start on, plain and packed. Paths that are no file get
// the console's first page, because the console routes by itself.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace gac::api {

class Console {
public:
    // An absent folder gives a page that says that the console is not built.
    static Result<Console> load(const std::filesystem::path& folder);

    net::Response answer(const net::Request& request) const;

private:
    struct File {
        std::shared_ptr<const std::string> plain;
        std::shared_ptr<const std::string> gzip;  // null where packing does not pay
        std::string type;
        std::string etag;
        bool immutable = false;  // its name holds a hash of its content
    };
    void add(const std::string& path, std::string bytes, std::string packed);

    std::map<std::string, File> files_;  // "/assets/x.js"
};

}  // namespace gac::api
