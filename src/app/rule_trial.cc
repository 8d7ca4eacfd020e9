#include "app/rule_trial.h"

#include <yaml-cpp/yaml.h>

#include <fmt/format.h>

#include "detect/engine.h"
#include "ingest/decoder.h"

namespace gac::app {

namespace {

struct Sample {
    std::string source;
    std::vector<std::string> lines;
};

std::vector<Sample> read_samples(const YAML::Node& list) {
    std::vector<Sample> samples;
    for (const auto& node : list) {
        Sample sample;
        sample.source = node["source"].as<std::string>();
        if (node["lines"]) {
            for (const auto& line : node["lines"]) {
                sample.lines.push_back(line.as<std::string>());
            }
        } else {
            sample.lines.push_back(node["line"].as<std::string>());
        }
        samples.push_back(std::move(sample));
    }
    return samples;
}

class Trial {
public:
    Trial(std::shared_ptr<const detect::RuleSet> rules,
          std::shared_ptr<const event::ProfileSet> profiles, std::vector<detect::RuleFault> faults)
        : rules_(std::move(rules)), profiles_(std::move(profiles)), faults_(std::move(faults)) {}

    // Why a rule was not loaded, with its place in the file.
    std::string refusal(const std::string& path, const std::string& rule_id) const {
        for (const detect::RuleFault& fault : faults_) {
            if (!fault.warning && fault.path == path && fault.id == rule_id) {
                return fmt::format("is not loaded, line {}: {}", fault.line, fault.reason);
            }
        }
        return "is not loaded";
    }

    Result<bool> fires(const Sample& sample, const std::string& rule_id) const {
        const auto profile = profiles_->find(sample.source);
        if (!profile) {
            return fail(Code::InvalidArgument, fmt::format("no profile \"{}\"", sample.source),
                        "tests.source");
        }
        GAC_TRY(decoder,
                ingest::make_decoder((*profiles_)[*profile].format, {.profiles = profiles_}));
        ingest::Origin origin;
        origin.profile = *profile;
        origin.received = base::SystemClock{}.now();
        event::EventBatch batch;
        for (const std::string& line : sample.lines) {
            decoder->decode(line, origin, batch);
        }
        batch.set_first_id(1);
        detect::Engine engine(rules_);
        std::vector<event::Detection> detections;
        engine.match(batch, detections);
        for (const event::Detection& detection : detections) {
            if (detection.rule->id == rule_id) {
                return true;
            }
        }
        return false;
    }

    bool loaded(const std::string& rule_id) const {
        for (const auto& rule : rules_->rules()) {
            if (rule->id == rule_id) {
                return true;
            }
        }
        return false;
    }

private:
    std::shared_ptr<const detect::RuleSet> rules_;
    std::shared_ptr<const event::ProfileSet> profiles_;
    std::vector<detect::RuleFault> faults_;
};

Result<> try_rule(const YAML::Node& rule, const std::string& path, const Trial& trial,
                  TrialReport& report) {
    const auto id = rule["id"].as<std::string>("");
    const auto title = rule["title"].as<std::string>("");
    const YAML::Node tests = rule["tests"];
    ++report.rules;
    if (!tests || !tests["positive"] || !tests["negative"]) {
        ++report.without_samples;
        return {};
    }
    TriedRule& tried = report.tried.emplace_back();
    tried = {path, id, title, 0, {}};
    const auto fault = [&](std::string what) {
        tried.faults.push_back(what);
        report.faults.push_back({path, title, std::move(what)});
    };
    if (!trial.loaded(id)) {
        fault(trial.refusal(path, id));
        return {};
    }
    for (const bool positive : {true, false}) {
        const char* kind = positive ? "positive" : "negative";
        int number = 0;
        for (const Sample& sample : read_samples(tests[kind])) {
            ++number;
            ++report.samples;
            ++tried.samples;
            GAC_TRY(fired, trial.fires(sample, id));
            if (fired != positive) {
                fault(fmt::format("{} sample {} {}", kind, number,
                                  fired ? "matches" : "does not match"));
            }
        }
    }
    return {};
}

}  // namespace

Result<TrialReport> try_rules(std::span<const detect::RuleText> texts,
                              std::shared_ptr<const event::ProfileSet> profiles,
                              const detect::Placeholders& lists) {
    detect::CompileOptions options;
    options.placeholders = lists;
    options.profiles = profiles;
    options.generate_all = true;
    std::vector<detect::RuleFault> faults;
    GAC_TRY(rules, detect::compile(texts, options, &faults));
    const Trial trial(std::move(rules), std::move(profiles), std::move(faults));
    TrialReport report;
    for (const detect::RuleText& text : texts) {
        if (!text.unreadable.empty()) {
            return fail(Code::Io, text.unreadable, text.path);
        }
        try {
            for (const YAML::Node& rule : YAML::LoadAll(text.yaml)) {
                auto tried = try_rule(rule, text.path, trial, report);
                if (!tried) {
                    return std::unexpected(base::at(text.path, std::move(tried).error()));
                }
            }
        } catch (const YAML::Exception& fault) {
            return fail(Code::InvalidArgument, fault.msg,
                        fmt::format("{}:{}", text.path, fault.mark.line + 1));
        }
    }
    return report;
}

}  // namespace gac::app
