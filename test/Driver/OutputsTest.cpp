//===- OutputsTest.cpp - All outputs or none ------------------------------===//

#include "compiler/Driver/Outputs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace eqc;
namespace fs = std::filesystem;

namespace {

class OutputsTest : public testing::Test {
protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "eqc-outputs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir = name;
  }
  void TearDown() override { fs::remove_all(dir); }

  std::string at(const std::string &name) const { return dir / name; }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream(at(name)) << text;
  }
  std::string read(const std::string &name) const {
    std::ifstream in(at(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t entries() const {
    return std::distance(fs::directory_iterator(dir), {});
  }
  mode_t mode(const std::string &name) const {
    struct stat status = {};
    stat(at(name).c_str(), &status);
    return status.st_mode & 0777;
  }

  fs::path dir;
};

TEST_F(OutputsTest, NewFilesFollowTheUmask) {
  mode_t before = umask(027);
  Outputs outputs;
  outputs.setContents(outputs.add(at("a")), "one");
  outputs.setContents(outputs.add(at("b"), 0777), "two");
  EXPECT_FALSE(outputs.check("-"));
  EXPECT_EQ(entries(), 0u);
  EXPECT_FALSE(outputs.commit());
  umask(before);
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(read("b"), "two");
  EXPECT_EQ(mode("a"), 0640u);
  EXPECT_EQ(mode("b"), 0750u);
  EXPECT_EQ(entries(), 2u);
}

TEST_F(OutputsTest, ExistingFilesKeepTheirMode) {
  write("a", "old");
  chmod(at("a").c_str(), 0604);
  Outputs outputs;
  outputs.setContents(outputs.add(at("a")), "new");
  EXPECT_FALSE(outputs.commit());
  EXPECT_EQ(read("a"), "new");
  EXPECT_EQ(mode("a"), 0604u);
}

TEST_F(OutputsTest, AFailingRenameBringsEverythingBack) {
  write("old", "old contents");
  Outputs outputs;
  outputs.setContents(outputs.add(at("old")), "replaced");
  outputs.setContents(outputs.add(at("new")), "created");
  outputs.setContents(outputs.add(at("late")), "never");
  ASSERT_FALSE(outputs.check("-"));
  // Renaming a file onto a directory fails, after two renames that did not.
  fs::create_directory(at("late"));
  Failure failure = outputs.commit();
  EXPECT_EQ(failure.status, StatusFile);
  EXPECT_EQ(read("old"), "old contents");
  EXPECT_FALSE(fs::exists(at("new")));
  EXPECT_EQ(entries(), 2u); // old, late
}

TEST_F(OutputsTest, ADeviceThatFailsLeavesFilesAlone) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP();
  write("a", "old");
  Outputs outputs;
  outputs.setContents(outputs.add(at("a")), "new");
  outputs.setContents(outputs.add("/dev/full"), "text");
  ASSERT_FALSE(outputs.check("-"));
  EXPECT_EQ(outputs.commit().status, StatusFile);
  EXPECT_EQ(read("a"), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputsTest, LinksAreWrittenThrough) {
  fs::create_directory(at("sub"));
  write("sub/target", "old");
  fs::create_symlink("sub/target", at("link"));
  fs::create_symlink("sub/absent", at("dangling"));
  Outputs outputs;
  outputs.setContents(outputs.add(at("link")), "one");
  outputs.setContents(outputs.add(at("dangling")), "two");
  ASSERT_FALSE(outputs.check("-"));
  EXPECT_FALSE(outputs.commit());
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_TRUE(fs::is_symlink(at("dangling")));
  EXPECT_EQ(read("sub/target"), "one");
  EXPECT_EQ(read("sub/absent"), "two");
}

/// The status that two outputs and an input lead to.
int statusOf(const std::string &a, const std::string &b,
             const std::string &input = "-") {
  Outputs outputs;
  outputs.add(a);
  outputs.add(b);
  return outputs.check(input).status;
}

TEST_F(OutputsTest, OnePlaceUnderTwoNamesIsRefused) {
  write("a", "text");
  fs::create_directory(at("sub"));
  fs::create_hard_link(at("a"), at("hard"));
  fs::create_symlink("a", at("soft"));
  fs::create_symlink("new", at("soft-new"));
  EXPECT_EQ(statusOf(at("a"), at("hard")), StatusUsage);
  EXPECT_EQ(statusOf(at("a"), at("soft")), StatusUsage);
  EXPECT_EQ(statusOf(at("a"), at("sub/../a")), StatusUsage);
  EXPECT_EQ(statusOf(at("new"), at("sub/../new")), StatusUsage);
  EXPECT_EQ(statusOf(at("new"), at("soft-new")), StatusUsage);
  EXPECT_EQ(statusOf("-", "/dev/stdout"), StatusUsage);
  EXPECT_EQ(statusOf(at("new"), at("other"), at("hard")), 0);
  EXPECT_EQ(statusOf(at("new"), at("hard"), at("a")), StatusUsage);
  EXPECT_EQ(statusOf(at("new"), at("absent"), at("sub/../absent")),
            StatusUsage);
  EXPECT_EQ(statusOf(at("new"), at("sub/new")), 0);
}

TEST_F(OutputsTest, WhatCannotBeWrittenIsFoundEarly) {
  fs::create_directory(at("sub"));
  write("file", "text");
  fs::create_symlink("loop", at("loop"));
  for (std::string path : {at("sub"), at("missing/a"), at("file/a"), at("loop"),
                           at("new/"), at(std::string(300, 'a'))})
    EXPECT_EQ(statusOf(path, at("b")), StatusFile) << path;
  EXPECT_EQ(entries(), 3u);
}

} // namespace
