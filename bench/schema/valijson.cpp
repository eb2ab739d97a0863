// Debian's valijson on its RapidJSON adapter over one corpus: valijson DIRECTORY CORPUS. Prints
// what bench_schema prints. Its formats (std::regex, milliseconds a document) are taken out of the
// schemas.
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <malloc.h>
#include <memory>
#include <string>
#include <vector>

using valijson::adapters::RapidJsonAdapter;

struct Document {
    size_t schema;
    std::string text;
    rapidjson::Document value;
};

static double processor_us()
{
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static std::vector<std::string> lines(const std::string &path)
{
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);)
        all.push_back(line);
    return all;
}

using Schemas = std::vector<std::unique_ptr<valijson::Schema>>;
using Work = std::function<void(Document &)>;

static void strip_formats(rapidjson::Value &value)
{
    if (value.IsArray())
        for (auto &item : value.GetArray())
            strip_formats(item);
    if (!value.IsObject())
        return;
    auto found = value.FindMember("format");
    if (found != value.MemberEnd() && found->value.IsString())
        value.RemoveMember(found);
    for (auto &member : value.GetObject())
        strip_formats(member.value);
}

static Schemas compile(const std::vector<std::string> &texts)
{
    Schemas schemas;
    for (const std::string &text : texts) {
        rapidjson::Document document;
        document.Parse(text.data(), text.size());
        strip_formats(document);
        valijson::SchemaParser parser;
        schemas.push_back(std::make_unique<valijson::Schema>());
        parser.populateSchema(RapidJsonAdapter(document), *schemas.back());
    }
    return schemas;
}

static double batch(const Work &work, Document &document, unsigned times)
{
    double begun = processor_us();
    for (unsigned i = 0; i < times; i++)
        work(document);
    return (processor_us() - begun) / times;
}

static double hot(std::vector<Document> &documents, const Work &work)
{
    double sum = 0, us = std::clamp(600000.0 / documents.size() / 8, 300.0, 20000.0);
    for (Document &document : documents) {
        batch(work, document, 1);
        double once = std::max(batch(work, document, 1), 0.1);
        unsigned times = (unsigned)std::clamp(us / once, 1.0, 2000.0);
        double best = batch(work, document, times);
        for (int turn = 1; turn < 8; turn++)
            best = std::min(best, batch(work, document, times));
        sum += best;
    }
    return sum / documents.size();
}

static double cold(std::vector<Document> &documents, const Work &work)
{
    auto pass = [&] {
        double begun = processor_us();
        for (Document &document : documents)
            work(document);
        return processor_us() - begun;
    };
    double best = pass();
    int turns = (int)std::clamp(700000 / best, 5.0, 40.0);
    for (int turn = 0; turn < turns; turn++)
        best = std::min(best, pass());
    return best / documents.size();
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    std::string base = std::string(argv[1]) + "/" + argv[2];
    std::vector<std::string> texts = lines(base + ".schemas");
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    double begun = processor_us();
    Schemas schemas = compile(texts);
    double compiled = processor_us() - begun;
    size_t memory = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    std::vector<Document> documents;
    for (const std::string &line : lines(base + ".documents")) {
        size_t tab = line.find('\t');
        documents.push_back({std::stoul(line), line.substr(tab + 1), {}});
        documents.back().value.Parse(documents.back().text.data(), documents.back().text.size());
    }
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    auto check = [&](const Document &document, const rapidjson::Value &value) {
        return validator.validate(*schemas[document.schema], RapidJsonAdapter(value), nullptr);
    };
    Work alone = [&](Document &document) { check(document, document.value); };
    Work parse = [&](Document &document) {
        rapidjson::Document value;
        value.Parse<rapidjson::kParseValidateEncodingFlag>(document.text.data(),
                                                           document.text.size());
    };
    Work whole = [&](Document &document) {
        rapidjson::Document value;
        value.Parse<rapidjson::kParseValidateEncodingFlag>(document.text.data(),
                                                           document.text.size());
        check(document, value);
    };
    size_t valid = 0;
    for (Document &document : documents)
        valid += check(document, document.value);
    std::printf("{\"engine\":\"valijson\",\"corpus\":\"%s\",\"formats\":\"none\",\"valid\":%zu,"
                "\"documents\":%zu,"
                "\"compile_ms\":%.3f,\"memory\":%zu",
                argv[2], valid, documents.size(), compiled / 1000, memory);
    const std::pair<const char *, Work *> rows[] = {
        {"alone", &alone}, {"whole", &whole}, {"parse", &parse}};
    for (const auto &[name, work] : rows) {
        std::printf(",\"%s_cold\":%.3f", name, cold(documents, *work));
        std::printf(",\"%s_hot\":%.3f", name, hot(documents, *work));
    }
    std::puts("}");
}
