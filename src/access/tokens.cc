#include "access/tokens.h"

#include <fmt/format.h>

#include "access/audit.h"
#include "access/crypto/codec.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTextMax = 128;  // longest token text that is looked at
constexpr base::Duration kTouch = base::Duration::minutes(1);
constexpr std::string_view kColumns =
    "id, name, scope, unit_id, created_by, created, expires, revoked, last_used";

Token read_token(const db::RowView& row) {
    Token token;
    token.id = row.id<TokenId>(0);
    token.name = row.string(1);
    token.scope = parse_token_scope(row.text(2)).value_or(TokenScope::Ingest);
    token.unit = row.maybe_id<UnitId>(3);
    token.created_by = row.string(4);
    token.created = row.time(5);
    token.expires = row.maybe_time(6);
    token.revoked = row.maybe_time(7);
    token.last_used = row.maybe_time(8);
    return token;
}

}  // namespace

Result<MadeToken> Tokens::add(const Actor& who, const NewToken& wanted) {
    if (base::trim(wanted.name).empty() || wanted.name.size() > kNameMax
        || !base::is_utf8(wanted.name)) {
        return fail(Code::InvalidArgument,
                    fmt::format("token name is 1 to {} bytes of UTF-8", kNameMax), "name");
    }
    const base::TimePoint now = clock_.now();
    if (wanted.expires && *wanted.expires <= now) {
        return fail(Code::InvalidArgument, "token would be expired already", "expires");
    }
    base::Secret text(fmt::format("gac_{}_{}", name_of(wanted.scope),
                                  base64url(base::random_bytes(kTokenBytes))));
    Token token{.id = TokenId::make(now),
                .name = wanted.name,
                .scope = wanted.scope,
                .unit = wanted.unit,
                .created_by = who.name,
                .created = now,
                .expires = wanted.expires};
    auto stored = database_.transact([&](db::Session& session) -> Result<> {
        if (wanted.unit) {
            GAC_TRY(known,
                    session.number("SELECT count(*) FROM units WHERE id = ?", {*wanted.unit}));
            if (known == 0) {
                return fail(Code::InvalidArgument, "no such unit", "unit");
            }
        }
        GAC_CHECK(session.run(
            "INSERT INTO tokens (id, token_hash, name, scope, unit_id, created_by, created, "
            "expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {token.id, token_hash(text.reveal()), token.name, name_of(token.scope), token.unit,
             token.created_by, token.created, token.expires}));
        return audit_.append(
            session, who,
            {.action = "token.add",
             .object_kind = "token",
             .object_id = token.id.text(),
             .unit = token.unit,
             .detail = detail_json({{"name", token.name}, {"scope", name_of(token.scope)}})});
    });
    GAC_CHECK(std::move(stored));
    return MadeToken{std::move(token), std::move(text)};
}

Result<Actor> Tokens::authenticate(std::string_view text, std::string_view address) {
    const auto refuse = [] {
        return fail(Code::Unauthenticated, "token is unknown, expired or revoked");
    };
    if (!text.starts_with("gac_") || text.size() > kTextMax) {
        return refuse();
    }
    const std::string hash = token_hash(text);
    GAC_TRY(found, database_.read([&](db::Session& session) {
        return session.first(fmt::format("SELECT {} FROM tokens WHERE token_hash = ?", kColumns),
                             {hash}, read_token);
    }));
    const base::TimePoint now = clock_.now();
    if (!found || found->revoked || (found->expires && *found->expires <= now)) {
        return refuse();
    }
    if (!found->last_used || now - *found->last_used >= kTouch) {
        // A full disk must not shut the door: the time of last use is worth less than the request.
        // The next write says that the disk is full.
        (void)database_.transact([&](db::Session& session) {
            return session.run("UPDATE tokens SET last_used = ? WHERE id = ?", {now, found->id});
        });
    }
    Actor actor;
    actor.kind = Actor::Kind::Token;
    actor.id = found->id.uuid;
    actor.name = found->name;
    actor.scope = found->scope;
    actor.unit = found->unit;
    actor.address = address;
    return actor;
}

Result<> Tokens::revoke(const Actor& who, TokenId id, std::string_view why) {
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(found, session.first(fmt::format("SELECT {} FROM tokens WHERE id = ?", kColumns),
                                     {id}, read_token));
        if (!found) {
            return fail(Code::NotFound, "no such token");
        }
        if (found->revoked) {
            return fail(Code::Conflict, "token is revoked already");
        }
        GAC_CHECK(session.run("UPDATE tokens SET revoked = ? WHERE id = ?", {clock_.now(), id}));
        return audit_.append(session, who,
                             {.action = "token.revoke",
                              .object_kind = "token",
                              .object_id = id.text(),
                              .unit = found->unit,
                              .detail = detail_json({{"name", found->name}, {"why", why}})});
    });
}

Result<std::vector<Token>> Tokens::list() {
    std::vector<Token> tokens;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(fmt::format("SELECT {} FROM tokens ORDER BY id DESC", kColumns), {},
                            [&](const db::RowView& row) { tokens.push_back(read_token(row)); });
    }));
    return tokens;
}

}  // namespace gac::access
